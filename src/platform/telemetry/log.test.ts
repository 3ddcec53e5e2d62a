import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createLog } from './log.ts';

function written(write: (log: ReturnType<typeof createLog>) => void): string {
  const stream = new PassThrough();
  write(createLog({ level: 'trace', pretty: false, stream }));
  return stream.read()?.toString() ?? '';
}

const SECRET = 'hunter2-hunter2-hunter2';

test.each([
  ['a field', { password: SECRET }],
  ['a field of a field', { body: { refresh_token: SECRET } }],
  ['a field two levels down', { request: { headers: { authorization: SECRET } } }],
  ['an API key in a text', { note: `called with pk_${SECRET}` }],
  ['a provider’s key in a text', { note: `Incorrect API key provided: sk-${SECRET}` }],
  ['a bearer token in a text', { note: `Authorization: Bearer ${SECRET}` }],
  ['a password in an address', { url: `postgres://parley:${SECRET}@db:5432/parley` }],
])('%s with a secret reaches no log', (_name, fields) => {
  const line = written((log) => log.error(fields, 'something happened'));
  expect(line).toContain('something happened');
  expect(line).not.toContain(SECRET);
  expect(line).toContain('[redacted]');
});

test('an error’s message and stack are cleaned as well', () => {
  const line = written((log) => log.error({ err: new Error(`refused: Bearer ${SECRET}`) }, 'failed'));
  expect(line).not.toContain(SECRET);
});

test('a message is cleaned as well', () => {
  expect(written((log) => log.info(`token eyJhbGciOi.${SECRET}.sig came`))).not.toContain(SECRET);
});

test('what is no secret stays', () => {
  expect(written((log) => log.info({ route: '/v1/sessions', tokens: 12 }, 'answered'))).toContain('"tokens":12');
});
