/** Settings for a server whose limits are not what is tried: benchmarks and journeys ask faster than people do. */
export const RAISED_LIMITS = {
  RATE_LIMIT_API_PER_MINUTE: '100000000',
  RATE_LIMIT_TENANT_PER_MINUTE: '100000000',
  RATE_LIMIT_RUN_PER_MINUTE: '100000000',
  RATE_LIMIT_LOGIN_PER_MINUTE: '100000000',
  RATE_LIMIT_REGISTER_PER_MINUTE: '100000000',
  LOGIN_FAILURES_BEFORE_LOCK: '100000000',
} as const;
