import { queryClient } from '../app/query-client.ts';

export const accountKeys = {
  logins: ['logins'] as const,
  secondFactor: ['second-factor'] as const,
  apiKeys: ['api-keys'] as const,
  tenants: ['tenants'] as const,
  linked: ['linked-providers'] as const,
};

export function refresh(queryKey: readonly string[]): Promise<void> {
  return queryClient.invalidateQueries({ queryKey });
}
