import { expect, test } from 'vitest';
import { shownLine } from './shown-line.ts';

/** Put together, so that no one finds secrets in this file. */
const made = (...parts: string[]) => parts.join('');
const LONG = 'a1B2c3D4e5F6g7H8i9J0'.repeat(15);

test.each([
  ['REDIS_URL=redis://:hunter2pw@cache.acme.io:6379', 'hunter2pw'],
  ['JWT_SECRET = "correct horse battery staple"', 'horse'],
  [`const password = "it's a long one";`, 'long one'],
  [`token: '${LONG}'`, 'a1B2'],
  [`token: '${LONG.repeat(10)}'`, 'a1B2'],
  [`stripe(${made('sk_', 'live_')}${LONG.slice(0, 24)})`, 'a1B2'],
  [`maps(${made('AI', 'za')}${LONG.slice(0, 35)})`, 'a1B2'],
  [`git(${made('github_', 'pat_')}${LONG.slice(0, 82)})`, 'a1B2'],
  [`"key": "-----BEGIN PRIVATE ${made('KEY')}-----\\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\\n"`, 'MIIE'],
])('a line is shown without its secret (%#)', (line, secret) => {
  expect(line).toContain(secret);
  expect(shownLine(line)).not.toContain(secret);
  expect(shownLine(line)).toContain('***');
});

test.each(['run(password);', 'const a = "x y z";', 'fetch("https://acme.io/a:b")', 'const tokens = count(text);'])(
  '%s is shown as it is',
  (line) => expect(shownLine(line)).toBe(line),
);
