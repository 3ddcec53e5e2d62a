import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type FakeUpstream,
  fakeUpstream,
  type SeenRequest,
  sendEvents,
  sendJson,
} from '../../src/ai/http/fake-upstream.ts';
import { ApiClient } from '../support/api-client.ts';
import { type TestDatabase, testDatabases } from '../support/databases.ts';
import { type ParleyProcess, printedCredential, startParley } from '../support/parley-process.ts';
import { asClient } from '../support/postgres/cluster.ts';
import { RAISED_LIMITS } from '../support/raised-limits.ts';
import { openReceiver, type Receiver, reportsIn, type SeenSpan, spansIn } from '../support/receivers.ts';

const server = testDatabases().find(({ kind }) => kind === 'server');
const secret = (prefix = '') => `${prefix}${randomBytes(18).toString('hex')}`;

/** What the program is told or sent and must never tell. */
const SECRETS = {
  openaiKey: secret('sk-proj-'),
  databasePassword: secret(),
  sentryKey: secret(),
  collectorHeader: secret(),
  metricsToken: secret(),
  installation: secret(),
  bearer: secret(),
  apiKeyHeader: secret('pk_'),
  cookie: secret(),
  queryToken: secret(),
  loginPassword: secret(),
  nestedBody: secret(),
  brokenBody: secret(),
  pathCredential: secret(),
  echoedByProvider: secret('sk-ant-'),
  basicByProvider: secret(),
  headerByName: secret(),
} as const;
/** What was said, and must be in no trace and in no report. */
const QUESTION = 'Which colour had the ultramarine locomotive?';
const ANSWER = 'Vermilion-on-Tuesdays';

describe.skipIf(!server)('traces, reports of errors and slow statements', { timeout: 180_000 }, () => {
  let folder: string;
  let db: TestDatabase;
  let upstream: FakeUpstream;
  let collector: Receiver;
  let sentry: Receiver;
  let settings: Record<string, string>;
  let program: ParleyProcess;
  let address: string;
  let token: string;
  let credential: { email: string; password: string };
  let output = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-telemetry-'));
    [upstream, collector, sentry] = await Promise.all([fakeUpstream(answer), openReceiver(), openReceiver()]);
    db = await (server as NonNullable<typeof server>).open();
    settings = {
      ...RAISED_LIMITS,
      DATA_DIR: folder,
      DATABASE_URL: withPassword(db.url ?? '', SECRETS.databasePassword),
      SECRET_KEY: SECRETS.installation,
      METRICS_TOKEN: SECRETS.metricsToken,
      LOG_LEVEL: 'trace',
      LOG_FORMAT: 'json',
      SLOW_QUERY_MS: '200',
      WORKER_LEASE_MS: '1500',
      OPENAI_BASE_URL: `${upstream.origin}/v1`,
      OPENAI_API_KEY: SECRETS.openaiKey,
      DEFAULT_MODEL: 'openai/fake',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin,
      OTEL_EXPORTER_OTLP_HEADERS: `x-collector-key=${SECRETS.collectorHeader}`,
      OTEL_RESOURCE_ATTRIBUTES: 'team=locomotives',
      SENTRY_DSN: `${sentry.origin.replace('://', `://${SECRETS.sentryKey}@`)}/7`,
    };
    await start();
    credential = printedCredential(program.output());
    token = ((await (await login(credential.password)).json()) as { access_token: string }).access_token;
  }, 240_000);
  const start = async () => {
    program = startParley(settings);
    address = await program.address();
  };
  afterAll(async () => {
    await program?.stop().catch(() => undefined);
    for (const one of [upstream, collector, sentry]) await one?.[Symbol.asyncDispose]();
    await db?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const login = (password: string, more: Record<string, string> = {}, extra: object = {}) =>
    fetch(`${address}/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...more },
      body: JSON.stringify({ email: credential.email, password, ...extra }),
    });
  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    fetch(address + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const lines = () =>
    (output + program.output())
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const spansOf = (traceId: string) => spansIn(collector).filter((span) => span.traceId === traceId);
  /** Spans come in batches, some seconds after their end. */
  const spansWith = async (traceId: string, ...names: string[]): Promise<SeenSpan[]> => {
    await expect
      .poll(() => spansOf(traceId).map(({ name }) => name), { timeout: 60_000 })
      .toEqual(expect.arrayContaining(names));
    return spansOf(traceId);
  };
  const newSession = async () => ((await (await call('POST', '/v1/sessions', {})).json()) as { id: string }).id;

  test('one question is one trace: request, run, retrieval, model and database, and the upstream is told', async () => {
    const traceId = randomBytes(16).toString('hex');
    const callersSpan = randomBytes(8).toString('hex');
    const session = await newSession();
    const headers = { accept: 'text/event-stream', traceparent: `00-${traceId}-${callersSpan}-01` };
    const response = await call('POST', `/v1/sessions/${session}/runs`, asking(QUESTION), headers);
    expect(await response.text()).toContain(ANSWER);

    const route = 'POST /v1/sessions/:id/runs';
    const spans = await spansWith(traceId, route, 'invoke_agent parley', 'chat fake', 'retrieval documents', 'queries');
    const [request, run, chat, retrieval] = [route, 'invoke_agent parley', 'chat fake', 'retrieval documents'].map(
      (name) => spans.find((span) => span.name === name) as SeenSpan,
    );
    expect(request).toMatchObject({ kind: 2, parentSpanId: callersSpan, resource: { team: 'locomotives' } });
    expect(response.headers.get('traceparent')).toBe(`00-${traceId}-${request?.spanId}-01`);
    expect(request?.attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.route': '/v1/sessions/:id/runs',
      'http.response.status_code': 200,
      'parley.request.id': response.headers.get('x-request-id'),
    });
    expect(run).toMatchObject({ kind: 1, parentSpanId: request?.spanId });
    expect(run?.attributes).toMatchObject({
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.conversation.id': session,
      'parley.run.status': 'completed',
      'parley.run.attempt': 1,
    });
    expect(chat).toMatchObject({ kind: 3, parentSpanId: run?.spanId });
    expect(chat?.attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'fake',
      'gen_ai.request.stream': true,
      'gen_ai.usage.input_tokens': 3,
      'gen_ai.usage.output_tokens': 2,
      'gen_ai.response.finish_reasons': ['stop'],
    });
    expect(retrieval?.parentSpanId).toBe(run?.spanId);
    const database = () => spansOf(traceId).filter(({ attributes }) => attributes['db.system.name'] === 'postgresql');
    // A span comes before the one that it is in, or behind it, perhaps in another batch.
    await expect.poll(() => database().length, { timeout: 60_000 }).toBeGreaterThan(1);
    const withoutParent = () => {
      const known = new Set(spansOf(traceId).map(({ spanId }) => spanId));
      return database().filter(({ parentSpanId = '' }) => !known.has(parentSpanId));
    };
    await expect.poll(withoutParent, { timeout: 60_000 }).toEqual([]);
    const asked = upstream.requests.findLast(({ body }) => JSON.stringify(body).includes(QUESTION));
    expect(asked?.headers.traceparent).toBe(`00-${traceId}-${chat?.spanId}-01`);
  });

  test('a job goes on in the trace of what asked for it', async () => {
    const traceId = randomBytes(16).toString('hex');
    const form = new FormData();
    form.append('file', new Blob([`# Locomotives\n\n${QUESTION}`]), 'locomotives.md');
    const response = await fetch(`${address}/v1/documents`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, traceparent: `00-${traceId}-${'a'.repeat(16)}-01` },
      body: form,
    });
    expect(response.status).toBe(202);
    const spans = await spansWith(traceId, 'POST /v1/documents', 'process documents.ingest');
    const [request, job] = ['POST /v1/documents', 'process documents.ingest'].map((name) =>
      spans.find((span) => span.name === name),
    );
    expect(job?.kind).toBe(5);
    // By way of the transaction in which it was enqueued.
    expect(ancestorsOf(job as SeenSpan, spans)).toContain(request?.spanId);
    expect(job?.attributes).toMatchObject({ 'messaging.destination.name': 'documents.ingest' });
  });

  test('a slow statement is logged with its text and its request, and counted', async () => {
    const held = asClient(db.url ?? '', async (client) => {
      const { rows } = await client.query(`SELECT nspname FROM pg_namespace WHERE nspname LIKE 'tenant_%'`);
      await client.query('BEGIN');
      for (const { nspname } of rows) await client.query(`LOCK TABLE "${nspname}".session IN ACCESS EXCLUSIVE MODE`);
      await client.query('SELECT pg_sleep(0.8)');
      await client.query('COMMIT');
    });
    const ids: string[] = [];
    let done = false;
    void held.finally(() => {
      done = true;
    });
    while (!done) ids.push((await call('GET', '/v1/sessions')).headers.get('x-request-id') ?? '');
    await held;
    const slow = lines().filter(({ msg }) => msg === 'a statement was slow');
    const ours = slow.find(({ request_id }) => ids.includes(String(request_id)));
    expect(ours).toMatchObject({
      statement: expect.stringContaining('session'),
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      tenant: expect.any(String),
    });
    expect(ours?.duration_ms).toBeGreaterThanOrEqual(200);
    const metrics = await call('GET', '/metrics', undefined, { authorization: `Bearer ${SECRETS.metricsToken}` });
    expect(Number(/^parley_slow_statements_total (\d+)$/m.exec(await metrics.text())?.[1])).toBeGreaterThan(0);
  });

  test('an unexpected error is reported with request, trace and tenant, and a run’s lines have all ids', async () => {
    const broken = await withoutSessions(() => call('GET', '/v1/sessions'));
    expect(broken.status).toBe(500);
    const requestId = broken.headers.get('x-request-id');
    await expect.poll(() => reportsIn(sentry).map(({ tags }) => tags.request_id)).toContain(requestId);
    const report = reportsIn(sentry).find(({ tags }) => tags.request_id === requestId);
    expect(report).toMatchObject({
      level: 'error',
      transaction: 'GET /v1/sessions',
      environment: 'development',
      tags: { tenant: expect.any(String) },
      contexts: { trace: { trace_id: broken.headers.get('traceparent')?.slice(3, 35) } },
    });
    const frames = report?.exception.values.flatMap(({ stacktrace }) => stacktrace?.frames ?? []) ?? [];
    expect(frames.length).toBeGreaterThan(0);
    expect(sentry.posts[0]).toMatchObject({ path: '/api/7/envelope/' });
    expect(sentry.posts[0]?.headers['x-sentry-auth']).toContain(SECRETS.sentryKey);

    const session = await newSession();
    const asked = await call('POST', `/v1/sessions/${session}/runs`, asking('fail, please'), {
      accept: 'text/event-stream',
    });
    expect(await asked.text()).toContain('ERR_RUN_');
    const failed = lines().find(({ msg, run_id }) => msg === 'the run failed' && run_id !== undefined);
    expect(failed).toMatchObject({
      request_id: asked.headers.get('x-request-id'),
      trace_id: asked.headers.get('traceparent')?.slice(3, 35),
      tenant: expect.any(String),
      run_id: expect.any(String),
    });
  });

  test('when a worker dies, another goes on with its runs in the same trace', async () => {
    const session = await newSession();
    const question = `hang, please, ${randomBytes(8).toString('hex')}`;
    const response = await call('POST', `/v1/sessions/${session}/runs`, asking(question));
    const [, traceId = '', spanId] = (response.headers.get('traceparent') ?? '').split('-');
    const isHanging = ({ body }: SeenRequest) => JSON.stringify(body).includes(question);
    await expect.poll(() => upstream.requests.some(isHanging), { timeout: 30_000 }).toBe(true);
    output += program.output();
    await program.kill();
    await start();
    const spans = await spansWith(traceId, 'invoke_agent parley');
    const run = spans.find(({ name }) => name === 'invoke_agent parley');
    expect(run).toMatchObject({
      parentSpanId: spanId,
      attributes: { 'parley.run.attempt': 2, 'parley.run.status': 'completed' },
    });
    const { id } = (await response.json()) as { id: string };
    expect(lines().find(({ run_id, attempt }) => run_id === id && attempt === 2)).toBeDefined();
  });

  test('no secret and nothing that was said leaves by a log, a trace or a report', async () => {
    // One of its own, since it is ended below: all that it has to tell is out then.
    await program.stop();
    output += program.output();
    await start();
    const again = await login(SECRETS.loginPassword, { cookie: `session=${SECRETS.cookie}; theme=dark` });
    expect(again.status).toBe(401);
    const unknown = await login(SECRETS.loginPassword, {}, { nested: { client_secret: SECRETS.nestedBody } });
    expect(unknown.status).toBe(422);
    const client = await ApiClient.login(address, credential);
    const made = await client
      .post<{ key: string }>('/v1/api-keys', { name: 'attack', scopes: ['chat'] })
      .catch(() => null);
    for (const request of [
      call('GET', '/v1/sessions', undefined, { authorization: `Bearer ${SECRETS.bearer}` }),
      call('GET', '/v1/sessions', undefined, { authorization: '', 'x-api-key': SECRETS.apiKeyHeader }),
      call('GET', `/v1/sessions?token=${SECRETS.queryToken}&api_key=${SECRETS.queryToken}&limit=none`),
      call('GET', `/v1/nowhere/https://user:${SECRETS.pathCredential}@host/%ff`),
      call('POST', '/v1/sessions', { metadata: 7, password: SECRETS.nestedBody }),
      fetch(`${address}/v1/sessions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: `{"password": "${SECRETS.brokenBody}", oops`,
      }),
    ]) {
      expect((await request).status).toBeGreaterThanOrEqual(400);
    }
    const leak = `/v1/sessions/${await newSession()}/runs`;
    expect(await (await call('POST', leak, asking('leak, please'), { accept: 'text/event-stream' })).text()).toContain(
      'ERR_RUN_',
    );
    const body = { metadata: { api_key: SECRETS.nestedBody, deep: [{ authorization: `Bearer ${SECRETS.bearer}` }] } };
    const broken = await withoutSessions(() =>
      call('POST', `/v1/sessions?access_token=${SECRETS.queryToken}`, body, { cookie: `session=${SECRETS.cookie}` }),
    );
    expect(broken.status).toBe(500);
    await program.stop();

    const told = {
      log: output + program.output(),
      traces: collector.posts.map(({ body: one }) => one).join('\n'),
      reports: sentry.posts.map(({ body: one }) => one).join('\n'),
    };
    expect(told.traces.length).toBeGreaterThan(1_000);
    expect(told.reports.length).toBeGreaterThan(100);
    expect(told.log).toContain('[redacted]');
    const secrets = { ...SECRETS, token, password: credential.password, ...(made && { apiKey: made.key }) };
    for (const [where, text] of Object.entries(told)) {
      const shown = where === 'log' ? text.replace(/^\s+password\s.*$/gm, '') : text;
      const leaked = Object.entries(secrets).filter(([, value]) => shown.includes(value));
      expect(leaked.map(([name]) => `${name} in ${where}`)).toEqual([]);
    }
    for (const words of [QUESTION, 'ultramarine', ANSWER, credential.email, 'locomotives.md']) {
      expect(told.traces).not.toContain(words);
      expect(told.reports).not.toContain(words);
    }
  });

  /** What `act` returns while every tenant lacks a table. */
  async function withoutSessions(act: () => Promise<Response>): Promise<Response> {
    await renameTable('session', 'elsewhere');
    try {
      return await act();
    } finally {
      await renameTable('elsewhere', 'session');
    }
  }

  /** In every tenant's schema. */
  async function renameTable(from: string, to: string): Promise<void> {
    await asClient(db.url ?? '', async (client) => {
      const { rows } = await client.query(`SELECT nspname FROM pg_namespace WHERE nspname LIKE 'tenant_%'`);
      for (const { nspname } of rows) await client.query(`ALTER TABLE "${nspname}"."${from}" RENAME TO "${to}"`);
    });
  }
});

/** Without what is remembered of the other questions. */
function asking(input: string) {
  return { input, memory: { mode: 'off' } };
}

function ancestorsOf(span: SeenSpan, spans: readonly SeenSpan[]): string[] {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return parent ? [parent.spanId, ...ancestorsOf(parent, spans)] : [];
}

/** Each of these questions is answered when it is asked again. */
const hung = new Set<string>();

function answer(response: ServerResponse, request: SeenRequest): void {
  const asked = JSON.stringify(request.body);
  if (asked.includes('fail, please')) {
    sendJson(response, 500, { error: { message: 'it is broken' } });
    return;
  }
  if (asked.includes('leak, please')) {
    const message = `Incorrect API key provided: ${SECRETS.echoedByProvider} (Authorization: Basic ${SECRETS.basicByProvider}, x-api-key=${SECRETS.headerByName}) for ${SECRETS.openaiKey}`;
    sendJson(response, 401, { error: { message } });
    return;
  }
  const question = /hang, please, \w+/.exec(asked)?.[0];
  if (question !== undefined && !hung.has(question)) {
    hung.add(question);
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    return;
  }
  sendEvents(
    response,
    { choices: [{ index: 0, delta: { content: ANSWER }, finish_reason: null }] },
    { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
    { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } },
    '[DONE]',
  );
}

/** The test's server trusts whoever comes from this machine, whatever the password. */
function withPassword(url: string, password: string): string {
  const parsed = new URL(url);
  if (parsed.password === '') parsed.password = password;
  return parsed.href;
}
