import { randomBytes, randomUUID } from 'node:crypto';
import type { LiveCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';

export const requestIds: LiveCheck = {
  id: 'request-ids',
  kind: 'live',
  category: 'observability',
  weight: 'major',
  title: 'A request is traced by its id: the one that it brings, or one of its own; W3C trace context is taken up',
  items: ['S0-25', 'S0-36', 'S1-46', 'S3-2'],
  expected:
    'X-Request-ID comes back; without one a new one each time; a hostile one is replaced; traceparent keeps its trace id',
  remedy: 'let the proxy pass X-Request-ID and traceparent',
  validDays: 7,
  command: "curl -sSi -H 'X-Request-ID: readiness-1' $URL/health/live",
  run: async ({ ask }) => {
    const id = `readiness-${randomUUID()}`;
    const trace = randomBytes(16).toString('hex');
    const given = await ask('/health/live', {
      headers: { 'x-request-id': id, traceparent: `00-${trace}-00f067aa0ba902b7-01` },
    });
    const [first, second] = [await ask('/health/live'), await ask('/health/live')];
    const hostile = await ask('/health/live', { headers: { 'x-request-id': '"><script>' } });
    const idOf = ({ headers }: typeof given) => String(headers['x-request-id'] ?? '');
    const faults: string[] = [];
    if (idOf(given) !== id) faults.push(`a given id comes back as "${idOf(given)}"`);
    if (idOf(first) === '' || idOf(first) === idOf(second))
      faults.push(`two requests have the ids "${idOf(first)}" and "${idOf(second)}"`);
    if (idOf(hostile).includes('<')) faults.push('an id with markup in it comes back');
    if (!String(given.headers.traceparent ?? '').includes(trace))
      faults.push(`traceparent comes back as "${String(given.headers.traceparent)}"`);
    return judge(faults, 'ids and traces come back', [
      sample('ids', [idOf(given), idOf(first), idOf(second), idOf(hostile)].join('\n')),
    ]);
  },
};
