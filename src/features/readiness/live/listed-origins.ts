import type { LiveCheck } from '../check.ts';
import { judge, notApplicable, sample } from '../finding.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const HEADERS = ['content-type', 'authorization', 'accept', 'origin'];

export const listedOrigins: LiveCheck = {
  id: 'listed-origins',
  kind: 'live',
  category: 'reliability',
  weight: 'major',
  title: 'Pages of each listed origin may call the API with credentials, and read its errors, too',
  items: ['S0-12', 'S0-13', 'S0-14', 'S0-29', 'S0-40', 'S1-2', 'S2-7', 'S2-8', 'S2-9', 'S2-10', 'S3-51'],
  expected: `leave for the very origin, with credentials, for ${METHODS.join(' ')} and ${HEADERS.join(', ')}`,
  remedy: 'ALLOWED_ORIGINS of the server that is asked must be those of these settings',
  validDays: 7,
  run: async ({ ask, settings }) => {
    const origins = settings?.allowedOrigins ?? [];
    if (origins.length === 0) return notApplicable('no origin is listed in ALLOWED_ORIGINS');
    const faults: string[] = [];
    const seen: string[] = [];
    for (const origin of origins.slice(0, 5)) {
      const preflight = await ask('/v1/sessions', {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
      const refusal = await ask('/v1/sessions', { headers: { origin } });
      for (const [what, { headers }] of [
        ['preflight', preflight],
        ['error', refusal],
      ] as const) {
        if (headers['access-control-allow-origin'] !== origin) faults.push(`${origin}: no leave at the ${what}`);
        if (headers['access-control-allow-credentials'] !== 'true')
          faults.push(`${origin}: no credentials at the ${what}`);
      }
      const allowed = (name: string) =>
        String(preflight.headers[`access-control-allow-${name}`] ?? '')
          .toLowerCase()
          .split(/, */);
      const lacking = [
        ...METHODS.filter((method) => !allowed('methods').includes(method.toLowerCase())),
        ...HEADERS.filter((header) => !allowed('headers').includes(header)),
      ];
      if (lacking.length > 0) faults.push(`${origin}: no leave for ${lacking.join(', ')}`);
      seen.push(JSON.stringify(preflight.headers));
    }
    return judge(faults, `${origins.length} have their leave`, [sample('preflights', seen.join('\n'))]);
  },
};
