import type { LiveCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';

export const limitsAnnounced: LiveCheck = {
  id: 'limits-announced',
  kind: 'live',
  category: 'security',
  weight: 'blocker',
  title: 'Every answer of the API is counted under a limit of its caller’s address, and says so',
  items: ['S0-4', 'S0-5', 'S0-6', 'S0-28', 'S0-39', 'S1-9', 'S1-25', 'S1-27', 'S1-105', 'S2-4', 'S2-5', 'S3-136'],
  expected:
    'RateLimit-Policy with a quota of 10,000 a minute at most, and RateLimit that goes down from one request to the next',
  remedy: 'look at the RATE_LIMIT_* settings; behind a proxy set TRUSTED_PROXIES, else all callers count as one',
  validDays: 7,
  command: 'curl -sSi $URL/v1/sessions',
  run: async ({ ask }) => {
    const answers = [await ask('/v1/sessions'), await ask('/v1/sessions')];
    const policies = answers.map(({ headers }) => String(headers['ratelimit-policy'] ?? ''));
    const remaining = answers.map(({ headers }) =>
      Number(/r=(\d+)/.exec(String(headers.ratelimit ?? ''))?.[1] ?? Number.NaN),
    );
    const quota = Number(/q=(\d+);w=60/.exec(policies[0] ?? '')?.[1] ?? Number.NaN);
    const faults: string[] = [];
    if (!(quota > 0)) faults.push(`RateLimit-Policy is "${policies[0]}"`);
    else if (quota > 10_000) faults.push(`${quota} requests a minute are no limit`);
    const [first = Number.NaN, second = Number.NaN] = remaining;
    // A minute may have ended between the two.
    if (!(second < first || second === quota - 1)) faults.push(`what is left goes from ${first} to ${second}`);
    return judge(faults, `${quota} a minute, ${second} left`, [sample('policies', policies.join('\n'))]);
  },
};
