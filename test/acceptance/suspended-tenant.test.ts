import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeUpstream, fakeUpstream, sendJson } from '../../src/ai/http/fake-upstream.ts';
import { readEvents } from '../../src/features/chat/run/event.store.ts';
import { inTenant } from '../../src/features/tenancy/index.ts';
import { openApp, type TestApp } from '../support/app.ts';
import { type TestDatabase, testDatabases } from '../support/databases.ts';
import { newAccount } from '../support/identity.ts';
import { type ParleyProcess, startParley, TEST_NODE } from '../support/parley-process.ts';
import { RAISED_LIMITS } from '../support/raised-limits.ts';
import { STORY } from '../support/story.ts';

const WAIT = { timeout: 120_000 };
const WORKER = [...TEST_NODE, 'src/main.ts', 'worker'] as const;
const PLAN = 'The plan is to wait.';
const FIRST = { choices: [{ index: 0, delta: { content: 'Once upon a time' } }] };

/** Jobs need a worker of its own, which the embedded database has no room for. */
describe.each(testDatabases().filter(({ kind }) => kind === 'server'))('a suspended tenant', STORY, ({ open }) => {
  let db: TestDatabase;
  let upstream: FakeUpstream;
  let on: TestApp;
  let worker: ParleyProcess;
  let folder: string;
  let embeds = false;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-suspended-'));
    db = await open();
    // A provider that begins to answer, and then takes its time.
    upstream = await fakeUpstream((response, { path, body }) => {
      if (!path.endsWith('/embeddings')) {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(`data: ${JSON.stringify(FIRST)}\n\n`);
      } else if (embeds || !String(body.input).includes(PLAN)) {
        const vectors = body.input.map((_: string, index: number) => ({ index, embedding: [1, 0] }));
        sendJson(response, 200, { data: vectors, usage: { prompt_tokens: 10 } });
      }
    });
    const settings = {
      ...RAISED_LIMITS,
      SECRET_KEY: 'a secret of the tests, forty characters long',
      DATABASE_URL: db.url ?? '',
      DATA_DIR: folder,
      OPENAI_BASE_URL: upstream.origin,
      OPENAI_API_KEY: 'sk-test',
      DEFAULT_MODEL: 'openai/slow',
      EMBEDDING_MODEL: 'openai/vectors',
      UNPRICED_MODELS: 'allow',
    };
    on = await openApp(db.database, settings);
    worker = startParley({ ...settings, ENVIRONMENT: 'test' }, WORKER);
  }, 240_000);
  afterAll(async () => {
    await worker.stop();
    await on[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
    await db.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function signUp() {
    const account = newAccount();
    const post = (url: string, payload: object) => on.app.inject({ method: 'POST', url, payload });
    await post('/v1/auth/register', account);
    const login = await post('/v1/auth/login', { email: account.email, password: account.password });
    const { access_token, tenant } = login.json();
    const send = async (method: 'GET' | 'POST', url: string, payload?: object) => {
      const headers = { authorization: `Bearer ${access_token}` };
      const answer = await on.app.inject({ method, url, headers, ...(payload && { payload }) });
      return { status: answer.statusCode, body: answer.json() };
    };
    return { tenant: { id: tenant.id, slug: tenant.slug }, send };
  }

  const embeddings = () => upstream.requests.filter(({ body }) => String(body?.input).includes(PLAN));
  const answers = () => upstream.requests.filter(({ path }) => path.endsWith('/chat/completions'));
  /** Jobs of ingestion that wait for a later time, as the queue has them. */
  const putOff = async () =>
    (
      await db.database.execute(
        "SELECT count(*)::int AS count FROM pgboss.job WHERE name = 'documents.ingest' AND state = 'created' AND start_after > now()",
      )
    ).rows[0]?.count;

  test('is answered and worked for no more at once, in a worker too; when it is back, its work is done', {
    timeout: 400_000,
  }, async () => {
    // The first is the operator, whom no suspension keeps out.
    await signUp();
    const { tenant, send } = await signUp();
    const document = (await send('POST', '/v1/documents', { title: 'Plan', content: PLAN })).body;
    await expect.poll(() => embeddings().length, WAIT).toBe(1);
    const session = (await send('POST', '/v1/sessions', {})).body;
    const run = (await send('POST', `/v1/sessions/${session.id}/runs`, { input: 'Tell me.' })).body;
    const log = () => inTenant(db.database, tenant, (trx) => readEvents(trx, run.id, 0, 1_000));
    await expect.poll(async () => JSON.stringify(await log()), WAIT).toContain('Once upon a time');

    await on.services.tenancy.lifecycle.suspend(tenant.id, 'Unpaid.', null);
    expect((await send('GET', '/v1/documents')).status).toBe(403);
    await Promise.all([...embeddings(), ...answers()].map(({ abandoned }) => abandoned));
    await expect.poll(putOff, WAIT).toBe(1);
    const payload = { tenant, documentId: document.id };
    await db.database.transaction((trx) =>
      on.services.queue.enqueue(trx, { name: 'documents.ingest' }, payload, { singletonKey: 'another' }),
    );
    await expect.poll(putOff, WAIT).toBe(2);
    expect(embeddings()).toHaveLength(1);

    embeds = true;
    await on.services.tenancy.lifecycle.resume(tenant.id, null);
    await db.database.execute("UPDATE pgboss.job SET start_after = now() WHERE name = 'documents.ingest'");
    const status = async () => (await send('GET', `/v1/documents/${document.id}`)).body.status;
    await expect.poll(status, WAIT).toBe('ready');
    const ended = (await send('GET', `/v1/runs/${run.id}`)).body;
    expect(ended.status).toBe('cancelled');
    const said = (await send('GET', `/v1/sessions/${session.id}/messages`)).body.data;
    expect(JSON.stringify(said)).toContain('Once upon a time');
  });
});
