import type { LiveCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { JSON_BODY } from '../target.ts';
import { tellingFaults } from './problem-faults.ts';

const DEEP = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
const BODIES: readonly (readonly [string, string])[] = [
  ['a NUL character', '{"email":"a\\u0000@b.example","password":"x\\u0000yyyyyyyy"}'],
  ['SQL', JSON.stringify({ email: "x' OR 1=1; --@b.example", password: "' OR '1'='1' --" })],
  ['a prototype', '{"__proto__":{"admin":true},"constructor":{"prototype":{}},"email":1,"password":[]}'],
  ['deep nesting', DEEP],
  ['lone surrogates', '{"email":"\\ud800@b.example","password":"\\udfff\\udfff\\udfff\\udfff"}'],
  ['markup', JSON.stringify({ email: '<script>alert(1)</script>@b.example', password: '{{7*7}}<%= 7*7 %>' })],
  ['a long text', JSON.stringify({ email: `${'a'.repeat(100_000)}@b.example`, password: 'x'.repeat(100_000) })],
];
const PATHS = [
  '/v1/sessions/%00',
  '/v1/..%2f..%2fetc%2fpasswd',
  '/v1/sessions?cursor=%ff%fe',
  '/v1/sessions?limit=1e99',
  '/%c0%ae%c0%ae/',
];

export const hostileInput: LiveCheck = {
  id: 'hostile-input',
  kind: 'live',
  category: 'security',
  weight: 'blocker',
  title: 'Hostile input is refused as a fault of the client: never by an error of the server, and never taken',
  items: ['S0-2', 'S1-36', 'S1-111', 'S3-5', 'S1-35'],
  expected: `4xx for ${[...BODIES.map(([what]) => what), 'paths that lead out'].join(', ')}`,
  remedy: 'report it as SECURITY.md says, with the sample',
  validDays: 7,
  run: async ({ ask }) => {
    const faults: string[] = [];
    const seen: string[] = [];
    // To refresh: other than at logins, an attempt that is refused counts against nobody's account.
    const posted = BODIES.map(
      ([what, body]) => [what, '/v1/auth/refresh', { method: 'POST', headers: JSON_BODY, body }] as const,
    );
    const read = PATHS.map((path) => [path, path, {}] as const);
    for (const [what, path, question] of [...posted, ...read]) {
      const answer = await ask(path, question);
      if (answer.status < 400 || answer.status > 499) faults.push(`${what} is answered by ${answer.status}`);
      faults.push(...tellingFaults(what, answer.text));
      if (/root:x:0:0/.test(answer.text)) faults.push(`${what} reads a file of the machine`);
      seen.push(`${what}: ${answer.status} ${answer.text.slice(0, 200)}`);
    }
    return judge(faults, `${posted.length + read.length} refused`, [sample('answers', seen.join('\n'))]);
  },
};
