import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createLog, type LogOptions } from './log.ts';
import { inWork } from './tracing.ts';

function written(write: (log: ReturnType<typeof createLog>) => void, options: Partial<LogOptions> = {}): string {
  const stream = new PassThrough();
  write(createLog({ level: 'trace', pretty: false, stream, ...options }));
  return stream.read()?.toString() ?? '';
}

const SECRET = 'hunter2-hunter2-hunter2';
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLW9mLWl0';

test.each<[string, object]>([
  ['a field', { password: SECRET }],
  ['a field of a field', { body: { refresh_token: SECRET } }],
  ['a field two levels down', { request: { headers: { authorization: SECRET } } }],
  ['a field five levels down', { a: { b: { c: { d: { clientSecret: SECRET } } } } }],
  ['a field in a list', { servers: [{ url: 'https://a.example', headers: { 'X-Api-Key': SECRET } }] }],
  ['names in other spellings', { newPassword: SECRET, 'Set-Cookie': SECRET, PROXY_AUTHORIZATION: SECRET, dsn: SECRET }],
  ['an API key in a text', { note: `called with pk_0123456789abcdef_${SECRET}` }],
  ['a one-time token in a text', { note: `mailed pot_${SECRET}` }],
  ['a provider’s key in a text', { note: `Incorrect API key provided: sk-proj-${SECRET}` }],
  ['a key of another provider', { note: `gsk_${SECRET} hf_${SECRET} xai-${SECRET}` }],
  ['a bearer token in a text', { note: `Authorization: Bearer ${SECRET}` }],
  ['basic credentials in a text', { note: `authorization: Basic ${SECRET}=` }],
  ['cookies in a text', { note: `Cookie: theme=dark; session=${SECRET}; other=${SECRET}` }],
  ['a password in an address', { url: `postgres://parley:${SECRET}@db:5432/parley` }],
  ['the key of a DSN', { url: `https://${SECRET}@sentry.example/7` }],
  ['a query string', { url: `/v1/ws/chat?token=${SECRET}&limit=1` }],
  ['a query string with an encoded name', { url: `/callback?state=1&code=${SECRET}` }],
  ['a signed address', { url: `https://bucket.example/a?X-Amz-Signature=${SECRET}` }],
  ['a connection string of words', { note: `host=db user=parley password=${SECRET} dbname=x` }],
  ['JSON in a text', { note: `it said {"api_key": "${SECRET}", "ok": true}` }],
  ['JSON in a text in a text', { note: JSON.stringify({ body: JSON.stringify({ client_secret: SECRET }) }) }],
  ['an error under another name', { reason: new Error(`refused: Bearer ${SECRET}`) }],
  ['a map', { headers: new Map([['authorization', SECRET]]) }],
])('%s with a secret reaches no log', (_name, fields) => {
  const line = written((log) => log.error(fields, 'something happened'));
  expect(line).toContain('something happened');
  expect(line).not.toContain(SECRET);
  expect(line).toContain('[redacted]');
  expect(() => JSON.parse(line)).not.toThrow();
});

test('of what a library hangs on its error, a log has values, not clients and their statements', () => {
  class Client {
    statements = ['SELECT secret_recipe'];
  }
  const error = Object.assign(new Error('Connection terminated'), { code: 'ECONNRESET', client: new Client() });
  const line = written((log) => log.error({ err: error }, 'a connection broke'));
  expect(JSON.parse(line).err).toMatchObject({ message: 'Connection terminated', code: 'ECONNRESET' });
  expect(line).not.toContain('secret_recipe');
});

test('what settings hold is known by its value: as it is, in an address and in base64', () => {
  const secrets = ['plain+value/with=signs', 'redis://user:p%40ss-of-redis@redis:6379', 'short'];
  const forms = [
    'plain+value/with=signs',
    encodeURIComponent('plain+value/with=signs'),
    'p@ss-of-redis',
    'p%40ss-of-redis',
  ];
  for (const form of [...forms, Buffer.from('plain+value/with=signs').toString('base64')]) {
    const line = written((log) => log.info({ note: `it is ${form}.` }, `and ${form}`), { secrets });
    expect(line).not.toContain(form);
    expect(line).toContain('it is [redacted].');
  }
  expect(written((log) => log.info('a short story'), { secrets })).toContain('a short story');
});

test('an error’s message, stack, causes and fields are cleaned as well, and what PostgreSQL quotes is left out', () => {
  const cause = Object.assign(new Error(`upstream said sk-ant-${SECRET}`), { config: { headers: { cookie: SECRET } } });
  const error = Object.assign(new Error(`refused: Bearer ${SECRET}`, { cause }), {
    severity: 'ERROR',
    code: '23505',
    detail: 'Key (email)=(ada@example.com) already exists.',
  });
  const line = written((log) => log.error({ err: error }, `failed with token=${SECRET}`));
  expect(line).not.toContain(SECRET);
  expect(line).not.toContain('ada@example.com');
  expect(JSON.parse(line)).toMatchObject({
    err: { type: 'Error', code: '23505', stack: expect.stringContaining('log.test') },
  });
});

test('bindings of a child and arguments of a message are cleaned, too', () => {
  const line = written((log) =>
    log.child({ token: SECRET, url: `https://u:${SECRET}@h/` }).info('got %s', `Bearer ${SECRET}`),
  );
  expect(line).not.toContain(SECRET);
});

test('a message is cleaned as well', () => {
  expect(written((log) => log.info(`token ${JWT} came`))).not.toContain(JWT);
});

test('what is no secret stays', () => {
  const fields = {
    route: '/v1/tokens/:id',
    tokens: 12,
    code: 'ERR_AUTH_001',
    key_count: 3,
    statement: 'WHERE token = $1',
  };
  expect(JSON.parse(written((log) => log.info(fields, 'a password: none')))).toMatchObject(fields);
  const text = 'Say what the password rules are, and sk-ip nothing.';
  expect(written((log) => log.info(text))).toContain(text);
});

test('a line says which request, trace, tenant and run it belongs to, once', () => {
  const ids = { request_id: 'r1', trace_id: 't1', tenant: 'acme', run_id: 'x1' };
  const line = written((log) =>
    inWork({ ids, span: null }, () => log.child({ request_id: 'r1' }).warn({ run_id: 'x1' }, 'slow')),
  );
  expect(JSON.parse(line)).toMatchObject(ids);
  for (const name of Object.keys(ids)) expect(line.split(`"${name}":`)).toHaveLength(2);
});

test('errors are told with their ids, and nothing else is', () => {
  const told: unknown[] = [];
  const error = new Error('broken');
  written(
    (log) => {
      const child = log.child({ request_id: 'r1', tenant: 'acme', body: 'words' });
      child.error({ err: error }, 'it failed');
      child.warn({ err: error }, 'it is tried again');
      child.error({ detail: 1 }, 'no error in it');
      child.fatal(error);
    },
    { onError: (logged) => told.push(logged) },
  );
  const ids = { request_id: 'r1', tenant: 'acme' };
  expect(told).toEqual([
    { error, message: 'it failed', level: 'error', ids },
    { error, message: 'an error', level: 'fatal', ids },
  ]);
});

test.each(['a-', 'eyJaaaa-', 'token '])(
  'a text that nearly holds a secret in a hundred thousand places holds nobody up: %s',
  (piece) => {
    const began = performance.now();
    const line = written((log) => log.info({ note: piece.repeat(100_000) + SECRET }), { secrets: [SECRET] });
    expect(performance.now() - began).toBeLessThan(3_000);
    expect(line.length).toBeLessThan(70_000);
  },
);

test('an address with a percent sign that nobody encoded is no reason not to start', () => {
  const secrets = ['redis://user:100%-of-it@redis:6379'];
  expect(written((log) => log.info('it is 100%-of-it'), { secrets })).toContain('it is [redacted]');
});
