import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiClient } from '../support/api-client.ts';
import { type TestDatabase, testDatabases } from '../support/databases.ts';
import { type EmbeddingsServer, startEmbeddings } from '../support/embeddings-server.ts';
import { type ParleyProcess, printedCredential, startParley, TEST_NODE } from '../support/parley-process.ts';
import { pgbouncerProgram, startPgBouncer } from '../support/pgbouncer.ts';
import { firstProgram } from '../support/programs.ts';
import { proxyKinds, type RunningProxy, startProxy } from '../support/proxies/proxy.ts';
import { RAISED_LIMITS } from '../support/raised-limits.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { type EndlessUpstream, endlessUpstream, isCounted } from '../support/runs/endless-upstream.ts';
import { expectWhole, MovingClient } from '../support/runs/moving-client.ts';
import { STORY } from '../support/story.ts';

const WORKER = [...TEST_NODE, 'src/main.ts', 'worker'] as const;
const [nginx] = proxyKinds;
const missing = [nginx?.program, pgbouncerProgram, firstProgram('redis-server')].includes(null);
const POOL = 6;
const MESSAGES_A_MINUTE = 10;
const STREAMS = 8;
const DOCUMENTS = 10;
const WAIT = { timeout: 240_000, interval: 100 };

/** Two servers and two workers behind nginx, with PgBouncer in transaction mode and Redis: each as `deploy/` configures it. */
describe.skipIf(missing && process.env.CI !== 'true').each(testDatabases().filter(({ kind }) => kind === 'server'))(
  'two servers and two workers behind a balancer, a pooler and Redis',
  { ...STORY, timeout: 300_000 },
  ({ open }) => {
    let db: TestDatabase;
    let folder: string;
    let redis: TestRedis;
    let pooler: Awaited<ReturnType<typeof startPgBouncer>>;
    let upstream: EndlessUpstream;
    let embeddings: EmbeddingsServer;
    let balancer: RunningProxy;
    let servers: { process: ParleyProcess; address: string }[] = [];
    const started: ParleyProcess[] = [];
    let operator: { email: string; password: string };
    let token: string;

    beforeAll(async () => {
      db = await open();
      folder = await mkdtemp(join(tmpdir(), 'parley-scale-'));
      [redis, upstream, embeddings] = [await startRedis(), await endlessUpstream(60), await startEmbeddings()];
      pooler = await startPgBouncer(db.url ?? '', { poolSize: POOL });
    }, 300_000);
    afterAll(async () => {
      await Promise.all(started.map((process) => process.stop().catch(() => undefined)));
      await balancer?.stop();
      await pooler?.stop();
      await redis[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
      await embeddings.stop();
      await db.close();
      await rm(folder, { recursive: true, force: true });
    }, 240_000);

    test('start, each as deploy/ configures it', async () => {
      const settings = {
        ...RAISED_LIMITS,
        RATE_LIMIT_MESSAGES_PER_MINUTE: String(MESSAGES_A_MINUTE),
        DATA_DIR: folder,
        DATABASE_URL: pooler.url,
        DATABASE_DIRECT_URL: db.url ?? '',
        DATABASE_PREPARED_STATEMENTS: 'false',
        REDIS_URL: redis.url,
        SECRET_KEY: 'a secret of the tests, forty characters long',
        TRUSTED_PROXIES: '127.0.0.1',
        WORK_IN_SERVER: 'false',
        WORKER_LEASE_MS: '2000',
        OPENAI_BASE_URL: `${upstream.origin}/v1`,
        DEFAULT_MODEL: 'openai/fake',
        EMBEDDING_MODEL: 'fake-small',
        EMBEDDING_BASE_URL: embeddings.url,
        INGESTION_CONCURRENCY: '2',
      };
      const serve = async () => {
        const process = startParley(settings);
        started.push(process);
        return { process, address: (await process.address()).replace('localhost', '127.0.0.1') };
      };
      const first = await serve();
      operator = printedCredential(first.process.output());
      for (const _ of [1, 2]) started.push(startParley(settings, [...WORKER]));
      servers = [first, await serve()];
      const ports = servers.map(({ address }) => Number(new URL(address).port));
      balancer = await startProxy(nginx as (typeof proxyKinds)[number], ports);
      token = await login(balancer.inside, operator);
      expect((await fetch(`${balancer.inside}/ready`)).status).toBe(200);
    });

    test('each job is done once, whichever worker takes it', async () => {
      const client = await ApiClient.login(balancer.inside, operator);
      const texts = Array.from({ length: DOCUMENTS }, (_, index) => `Heron number ${index} stands in the reeds.`);
      const documents = await Promise.all(
        texts.map(async (text, index) => {
          const form = new FormData();
          form.append('file', new File([text], `heron-${index}.txt`, { type: 'text/plain' }));
          return client.post<{ id: string }>('/v1/documents', form);
        }),
      );
      for (const { id } of documents) {
        await client.until<{ status: string }>(`/v1/documents/${id}`, ({ status }) => status === 'ready');
      }
      const asked = embeddings.asked.flatMap(({ input }) => input);
      for (const text of texts)
        expect(
          asked.filter((one) => one.includes(text)),
          text,
        ).toHaveLength(1);
    });

    test('a limit is one for both servers', async () => {
      const post = (address: string, content: string) =>
        fetch(`${address}/v1/messages`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
          body: JSON.stringify({ role: 'user', content }),
        });
      const sent = servers.flatMap(({ address }, server) =>
        Array.from({ length: 2 * MESSAGES_A_MINUTE }, (_, index) => post(address, `Heron ${server}-${index} fishes.`)),
      );
      const answers = await Promise.all(sent);
      const taken = answers.filter(({ ok }) => ok).length;
      const refused = answers.filter(({ status }) => status === 429).length;
      expect({ taken, refused }).toEqual({ taken: MESSAGES_A_MINUTE, refused: 3 * MESSAGES_A_MINUTE });
    });

    test('four processes share the few connections of the pooler, and no tenant sees another through them', async () => {
      const other = { email: 'other@example.com', password: 'a long enough password' };
      await fetch(`${balancer.inside}/v1/auth/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(other),
      });
      const titled = { [operator.email]: operator, [other.email]: other };
      const clients = await Promise.all(
        Object.entries(titled).map(async ([title, credential]) => {
          const client = await ApiClient.login(balancer.inside, credential);
          await client.post('/v1/sessions', { title });
          return { client, title };
        }),
      );
      const lists = Array.from({ length: 30 }, () =>
        clients.map(async ({ client, title }) => {
          const { data } = await client.get<{ data: { title: string }[] }>('/v1/sessions');
          return data.every((session) => session.title === title) && data.length > 0;
        }),
      ).flat();
      expect((await Promise.all(lists)).every(Boolean)).toBe(true);
      const { rows } = await db.database.execute(
        `SELECT count(*) FILTER (WHERE application_name LIKE '%:listen')::int AS listening,
           count(*) FILTER (WHERE application_name = 'parley')::int AS pooled
         FROM pg_stat_activity WHERE datname = current_database()`,
      );
      expect(rows[0]?.pooled).toBeLessThanOrEqual(POOL);
      expect(rows[0]?.listening).toBe(4);
    });

    test('a server that is killed takes no stream with it: the other goes on with each, nothing lost, nothing twice', async () => {
      const client = await ApiClient.login(balancer.inside, operator);
      const clients: MovingClient[] = [];
      for (let index = 0; index < STREAMS; index += 1) {
        const session = await client.post<{ id: string }>('/v1/sessions', {});
        const question = { input: `question ${index}`, retrieval: { mode: 'off' }, memory: { mode: 'off' } };
        const run = await client.post<{ id: string }>(`/v1/sessions/${session.id}/runs`, question);
        clients.push(new MovingClient(run.id, token, () => balancer.inside));
      }
      await expect.poll(() => clients.every(({ text }) => text.includes('w3')), WAIT).toBe(true);
      await servers[0]?.process.kill();
      started.splice(started.indexOf(servers[0]?.process as ParleyProcess), 1);
      const before = clients.map(({ events }) => events.length);
      await expect
        .poll(() => clients.every(({ events }, index) => events.length > (before[index] ?? 0) + 3), WAIT)
        .toBe(true);
      upstream.finish();
      await Promise.all(clients.map(({ ended }) => ended));
      for (const one of clients) {
        expectWhole(one);
        expect(isCounted(one.text), one.text).toBe(true);
      }
    });
  },
);

async function login(address: string, credential: object): Promise<string> {
  const response = await fetch(`${address}/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(credential),
  });
  return ((await response.json()) as { access_token: string }).access_token;
}
