import type { LiveCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { JSON_BODY, type Question } from '../target.ts';
import { problemFaults } from './problem-faults.ts';

/** Not at logins, of which an address has a few a minute: users behind one proxy may count as one. */
const PROBES: readonly (readonly [string, number, string, Question])[] = [
  ['an address that is not there', 404, '/v1/nothing-is-here', {}],
  ['no credential', 401, '/v1/sessions', {}],
  ['a body that is no JSON', 400, '/v1/auth/refresh', { method: 'POST', headers: JSON_BODY, body: '{"email": ' }],
  [
    'a field of another type',
    422,
    '/v1/auth/refresh',
    { method: 'POST', headers: JSON_BODY, body: '{"refresh_token":5}' },
  ],
  [
    'another content type',
    415,
    '/v1/auth/refresh',
    { method: 'POST', headers: { 'content-type': 'text/xml' }, body: '<a/>' },
  ],
];

export const errorsTellNothing: LiveCheck = {
  id: 'errors-tell-nothing',
  kind: 'live',
  category: 'security',
  weight: 'blocker',
  title: 'Errors are problem documents with a stable code and a request id, and tell nothing of the inside',
  items: ['S1-50', 'S1-53', 'S1-82', 'S1-109', 'S3-3', 'S3-4', 'S3-46'],
  expected: 'application/problem+json with code ERR_…, the status and a request id; no stack, path or SQL',
  remedy: 'look for a proxy that answers errors with pages of its own',
  validDays: 7,
  command: 'curl -sSi $URL/v1/nothing-is-here',
  run: async ({ ask }) => {
    const faults: string[] = [];
    const seen: string[] = [];
    for (const [what, status, path, question] of PROBES) {
      const answer = await ask(path, question);
      if (answer.status !== status) faults.push(`${what} is answered by ${answer.status} instead of ${status}`);
      faults.push(...problemFaults(what, answer));
      seen.push(`${what}: ${answer.status} ${answer.text}`);
    }
    return judge(faults, `${PROBES.length} kinds of error`, [sample('answers', seen.join('\n'))]);
  },
};
