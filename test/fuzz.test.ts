import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApp, type TestApp } from './support/app.ts';
import { anyTestDatabase, type TestDatabase } from './support/databases.ts';
import { anyOf, type JsonSchema, WILD_TEXT } from './support/fuzz/from-schema.ts';
import { newAccount } from './support/identity.ts';
import { RAISED_LIMITS } from './support/raised-limits.ts';

/** Requests of each operation; FUZZ_REQUESTS=1000 for a long run, FUZZ_SEED for another one. */
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 2);
const SEED = Number(process.env.FUZZ_SEED ?? 20_261_125);
/** Longest time that any answer may take on a busy machine, ms: the server's own limit is 15 s. */
const HANG = 30_000;

type Operation = {
  parameters?: { name: string; in: string; schema: JsonSchema }[];
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
};
type Api = { paths: Record<string, Record<string, Operation>> };

/** They end the login with which all others are tried, or wait for what only another service gives. */
const LEFT_OUT = new Set([
  'post /v1/auth/logout',
  'delete /v1/auth/logins',
  'put /v1/tenants/current/second-factor',
  'post /v1/admin/signing-keys/rotate',
]);
/** Where a wild token may be sent beside the one that is good. */
const TAKES_A_TOKEN = /\/auth\/|\/v1\/ws\/(chat|memory)/;
/** Where a 5xx is the answer that is meant: what it needs is not there in a test. */
const MAY_BE_AWAY = new Set(['get /ready', 'get /health', 'get /health/ready']);

describe('whatever is sent to whichever operation of the API', () => {
  let db: TestDatabase;
  let on: TestApp;
  let api: Api;
  let authorization = '';

  beforeAll(async () => {
    const [source] = anyTestDatabase();
    db = (await source?.open()) as TestDatabase;
    on = await openApp(db.database, { ...RAISED_LIMITS, DEFAULT_MODEL: 'extractive' });
    api = (await on.app.inject('/openapi.json')).json<Api>();
    const account = newAccount();
    await on.app.inject({ method: 'POST', url: '/v1/auth/register', payload: account });
    const { email, password } = account;
    const login = await on.app.inject({ method: 'POST', url: '/v1/auth/login', payload: { email, password } });
    authorization = `Bearer ${login.json<{ access_token: string }>().access_token}`;
  }, 120_000);
  afterAll(async () => {
    await on[Symbol.asyncDispose]();
    await db.close();
  });

  const operations = () =>
    Object.entries(api.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    );

  test('is answered in time, with no 5xx, and a refusal says why in a form that is known', async () => {
    const faults: string[] = [];
    let sent = 0;
    for (const { path, method, operation } of operations()) {
      const name = `${method} ${path}`;
      if (LEFT_OUT.has(name)) continue;
      const requests = fc.sample(requestOf(path, operation), { numRuns: REQUESTS, seed: SEED });
      for (const { url, body } of requests) {
        const fault = await faultOf(name, method, url, body);
        if (fault !== null) faults.push(fault);
        sent += 1;
      }
    }
    expect(faults).toEqual([]);
    expect(sent).toBeGreaterThan(300);
  }, 600_000);

  async function faultOf(name: string, method: string, url: string, body: unknown): Promise<string | null> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const headers = { authorization, ...(payload !== undefined && { 'content-type': 'application/json' }) };
    const asked = `${name} as ${url} with ${payload?.slice(0, 500)}`;
    const late = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => late.resolve('late'), HANG);
    const answer = await Promise.race([
      on.app.inject({ method: method.toUpperCase() as 'GET', url, headers, ...(payload !== undefined && { payload }) }),
      late.promise,
    ]);
    clearTimeout(timer);
    if (answer === 'late') return `${asked}: no answer`;
    const { statusCode, body: text } = answer;
    if (statusCode >= 500 && !MAY_BE_AWAY.has(name)) return `${asked}: ${statusCode} ${text.slice(0, 300)}`;
    if (statusCode === 401 && !TAKES_A_TOKEN.test(name)) return `${asked}: 401, the login is gone`;
    if (statusCode >= 400 && !isKnownRefusal(text))
      return `${asked}: ${statusCode} in no known form: ${text.slice(0, 300)}`;
    return null;
  }
});

/** A problem document, or the form of a dialect. */
function isKnownRefusal(text: string): boolean {
  if (text === '') return true;
  try {
    const { code, error, success } = JSON.parse(text) as { code?: unknown; error?: unknown; success?: unknown };
    return (
      /^ERR_[A-Z]+_\d{3}$/.test(String(code)) || (typeof error === 'object' && error !== null) || success === false
    );
  } catch {
    return false;
  }
}

/** An address and a body for an operation: much of it as its schema says, some of it wild. */
function requestOf(path: string, { parameters = [], requestBody }: Operation) {
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  const inQuery = parameters.filter((parameter) => parameter.in === 'query');
  const segments = fc.record(
    Object.fromEntries(inPath.map(({ name, schema }) => [name, fc.oneof(anyOf(schema), WILD_TEXT)])),
  );
  const query = fc.record(
    Object.fromEntries(inQuery.map(({ name, schema }) => [name, fc.oneof(anyOf(schema), WILD_TEXT)])),
    { requiredKeys: [] },
  );
  const schema = requestBody?.content['application/json']?.schema;
  const body = schema ? anyOf(schema) : fc.constant(undefined);
  return fc
    .record({ segments, query, body })
    .map((one) => ({ url: addressOf(path, one.segments, one.query), body: one.body }));
}

function addressOf(path: string, segments: Record<string, unknown>, query: Record<string, unknown>): string {
  const filled = path.replaceAll(/\{(\w+|\*)\}/g, (_, name: string) => encoded(segments[name] ?? 'x') || 'x');
  const search = Object.entries(query).map(([name, value]) => `${name}=${encoded(value)}`);
  return search.length > 0 ? `${filled}?${search.join('&')}` : filled;
}

/** Half a character cannot be percent-encoded. */
function encoded(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return encodeURIComponent(text.toWellFormed());
}
