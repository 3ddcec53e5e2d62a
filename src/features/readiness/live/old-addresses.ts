import type { LiveCheck } from '../check.ts';
import { judge } from '../finding.ts';
import { JSON_BODY } from '../target.ts';

const PAIRS: readonly (readonly [string, string, string])[] = [
  ['POST', '/api/v2/auth/refresh', '/v1/auth/refresh'],
  ['POST', '/chatkit/sessions', '/v1/chatkit/sessions'],
  ['GET', '/api/v1/sessions', '/v1/sessions'],
];

export const oldAddresses: LiveCheck = {
  id: 'old-addresses',
  kind: 'live',
  category: 'reliability',
  weight: 'minor',
  title: 'The addresses of the predecessors lead to the new ones',
  items: ['S3-33', 'S2-81'],
  expected: `the same answer at ${PAIRS.map(([, old, now]) => `${old} and ${now}`).join(', ')}`,
  remedy: 'let the proxy pass /api, /chatkit and /ws as they are',
  validDays: 30,
  run: async ({ ask }) => {
    const faults: string[] = [];
    for (const [method, old, now] of PAIRS) {
      const question = method === 'POST' ? { method, headers: JSON_BODY, body: '{}' } : { method };
      const [before, after] = [await ask(old, question), await ask(now, question)];
      const codes = [before, after].map(({ status, text }) => `${status} ${/"code":"(\w+)"/.exec(text)?.[1] ?? ''}`);
      if (codes[0] !== codes[1] || before.status === 404) faults.push(`${old} answers ${codes[0]}, ${now} ${codes[1]}`);
    }
    return judge(faults, `${PAIRS.length} lead on`);
  },
};
