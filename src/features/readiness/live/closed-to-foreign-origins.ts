import type { LiveCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { JSON_BODY } from '../target.ts';

const FOREIGN = 'https://foreign.readiness.example';

export const closedToForeignOrigins: LiveCheck = {
  id: 'closed-to-foreign-origins',
  kind: 'live',
  category: 'security',
  weight: 'blocker',
  title: 'A page of an origin that is not listed gets no leave, neither at a preflight nor at an answer or an error',
  items: ['S0-10', 'S0-11', 'S1-1', 'S1-3', 'S1-4', 'S1-108', 'S2-11', 'S2-54', 'S3-50', 'S3-124', 'S3-137'],
  expected: 'no Access-Control-Allow-Origin for a foreign origin or "null", and never *',
  remedy: 'list origins in ALLOWED_ORIGINS, and let no proxy add the header',
  validDays: 7,
  command: `curl -sSi -X OPTIONS -H 'Origin: ${FOREIGN}' -H 'Access-Control-Request-Method: POST' $URL/v1/sessions`,
  run: async ({ ask }) => {
    const preflight = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' };
    const faults: string[] = [];
    const seen: string[] = [];
    for (const origin of [FOREIGN, 'null']) {
      const asked = [
        await ask('/v1/sessions', { method: 'OPTIONS', headers: { origin, ...preflight } }),
        await ask('/health', { headers: { origin } }),
        await ask('/v1/auth/refresh', { method: 'POST', headers: { origin, ...JSON_BODY }, body: '{' }),
      ];
      for (const [index, { status, headers }] of asked.entries()) {
        const allowed = headers['access-control-allow-origin'];
        seen.push(`${origin} ${index} ${status} ${String(allowed)}`);
        if (allowed !== undefined) faults.push(`${['a preflight', 'an answer', 'an error'][index]} lets ${allowed} in`);
      }
    }
    return judge(faults, 'none of six answers gives leave', [sample('answers', seen.join('\n'))]);
  },
};
