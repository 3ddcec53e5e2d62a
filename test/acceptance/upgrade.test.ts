import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiClient } from '../support/api-client.ts';
import { type TestDatabase, testDatabases } from '../support/databases.ts';
import { type ParleyProcess, printedCredential } from '../support/parley-process.ts';
import { RAISED_LIMITS } from '../support/raised-limits.ts';
import { type EndlessUpstream, endlessUpstream, isCounted } from '../support/runs/endless-upstream.ts';
import { expectWhole, MovingClient } from '../support/runs/moving-client.ts';
import { STORY } from '../support/story.ts';
import { nextVersion, thisVersion, type Version, versionOf } from '../support/versions/version.ts';

/** UPGRADE_STREAMS=200 for as many as the issue asks for. */
const STREAMS = Number(process.env.UPGRADE_STREAMS ?? 20);
/** A commit: then it is the old version and this tree the new one; else this tree is the old, and the new has more migrations. */
const FROM = process.env.UPGRADE_FROM;
const PACE_MS = Math.max(100, 5 * STREAMS);
const WAIT = { timeout: 240_000, interval: 100 };
const CREDENTIAL = { email: 'late@example.com', password: 'a long enough password' };

type Message = { role: string; content: string };

describe.each(testDatabases().filter(({ kind }) => kind === 'server'))(
  'two versions of the server on one database, with streams open',
  { ...STORY, timeout: 600_000 },
  ({ open }) => {
    let db: TestDatabase;
    let folder: string;
    let upstream: EndlessUpstream;
    let settings: Record<string, string>;
    let [older, newer]: Version[] = [];
    let blue: ParleyProcess;
    let green: ParleyProcess;
    let operator: { email: string; password: string };
    let token = '';
    let address = '';
    const clients: MovingClient[] = [];
    const started: ParleyProcess[] = [];

    beforeAll(async () => {
      [older, newer] = FROM ? [await versionOf(FROM), await thisVersion()] : [await thisVersion(), await nextVersion()];
      db = await open();
      // The databases of tests are migrated by this tree.
      if (FROM) await db.database.execute('DROP SCHEMA platform CASCADE');
      folder = await mkdtemp(join(tmpdir(), 'parley-upgrade-'));
      upstream = await endlessUpstream(PACE_MS);
      settings = {
        ...RAISED_LIMITS,
        DATA_DIR: folder,
        DATABASE_URL: db.url ?? '',
        SECRET_KEY: 'a secret of the tests, forty characters long',
        OPENAI_BASE_URL: `${upstream.origin}/v1`,
        DEFAULT_MODEL: 'openai/fake',
        SHUTDOWN_TIMEOUT_MS: '1000',
        MIGRATION_LOCK_TIMEOUT_MS: '200',
        MIGRATION_LOCK_TRIES: '100',
      };
    }, 240_000);
    afterAll(async () => {
      for (const process of started) await process.stop().catch(() => undefined);
      await upstream[Symbol.asyncDispose]();
      await db.close();
      await older?.remove();
      await newer?.remove();
      await rm(folder, { recursive: true, force: true });
    }, 240_000);

    const start = async (version: Version | undefined) => {
      const process = (version as Version).serve(settings);
      started.push(process);
      return { process, address: (await process.address()).replace('localhost', '127.0.0.1') };
    };
    const run = async (version: Version | undefined, ...args: string[]) =>
      (version as Version).parley(args, { ...settings, PORT: '0', LOG_LEVEL: 'warn' });
    const added = () => (newer?.migrations ?? []).filter((id) => !older?.migrations.includes(id));
    /** Which of the new migrations the tenant has that the old version made. */
    const lateHas = async () => {
      const { rows } = await db.database.execute('SELECT id FROM tenant_late.schema_migration WHERE id = ANY ($1)', [
        added(),
      ]);
      return rows;
    };
    const ask = (client: ApiClient, sessionId: string, input: string) =>
      client.post<{ id: string }>(`/v1/sessions/${sessionId}/runs`, {
        input,
        retrieval: { mode: 'off' },
        memory: { mode: 'off' },
      });
    const sessions: string[] = [];

    test(`${STREAMS} answers are streamed by the old version, and the new one refuses to start before the migration`, async () => {
      if (FROM) expect((await run(older, 'migrate', 'up')).code).toBe(0);
      ({ process: blue, address } = await start(older));
      operator = printedCredential(blue.output());
      const client = await ApiClient.login(address, operator);
      token = await tokenOf(address, operator);
      for (let index = 0; index < STREAMS; index += 1) {
        const session = await client.post<{ id: string }>('/v1/sessions', { title: `session ${index}` });
        sessions.push(session.id);
        const { id } = await ask(client, session.id, `question ${index}`);
        clients.push(new MovingClient(id, token, () => address));
      }
      await expect.poll(() => clients.every(({ text }) => text.includes('w2')), WAIT).toBe(true);
      const early = await run(newer, 'serve');
      expect(early.err).toMatch(/lacks \d+ migration\(s\), first \d{4}_\w+\. Run: npx parley migrate up/);
      expect(early.code).toBe(78);
    });

    test('the migration goes on beside the old version, which serves on and makes a tenant that lacks it', async () => {
      const up = await run(newer, 'migrate', 'up');
      expect(up.err).toBe('');
      expect(up.code).toBe(0);
      for (const id of added()) expect(up.out).toContain(id);
      const seen = clients.map(({ events }) => events.length);
      await expect
        .poll(() => clients.every(({ events }, index) => events.length > (seen[index] ?? 0)), WAIT)
        .toBe(true);
      expect((await post(address, '/v1/auth/register', CREDENTIAL)).status).toBe(201);
      const client = await ApiClient.login(address, CREDENTIAL);
      await client.post('/v1/sessions', { title: 'made by the old version' });
      expect(await lateHas()).toEqual([]);
    });

    test('the new version starts beside it and brings that tenant along; the old one refuses to start anew', async () => {
      const [refused, { process, address: greenAddress }] = await Promise.all([run(older, 'serve'), start(newer)]);
      green = process;
      expect(refused.err).toContain('a newer version migrated this database, so start that version');
      expect(refused.code).toBe(78);
      const client = await ApiClient.login(greenAddress, CREDENTIAL);
      expect(await client.get('/v1/sessions')).toMatchObject({ data: [{ title: 'made by the old version' }] });
      expect(await lateHas()).not.toEqual([]);
      address = greenAddress;
    });

    test('the old one ends, and every client goes on at the new one: each event once, none lost', async () => {
      const before = clients.map(({ text }) => text.length);
      expect((await blue.stop()).code).toBe(0);
      await expect
        .poll(() => clients.every(({ text }, index) => text.length > (before[index] ?? 0) + 6), WAIT)
        .toBe(true);
      upstream.finish();
      await Promise.all(clients.map(({ ended }) => ended));
      for (const client of clients) {
        expectWhole(client);
        expect(isCounted(client.text), client.text).toBe(true);
        expect(client.servers.size).toBe(2);
        const answer = client.events.at(-1) as unknown as { message: { content: string } };
        expect(answer.message.content).toBe(client.text);
      }
    });

    test('the way back: the new version takes its migrations back, and the old one finds everything as it was', async () => {
      const messagesOf = async (client: ApiClient) => {
        const pages = sessions.map((id) => client.get<{ data: Message[] }>(`/v1/sessions/${id}/messages`));
        return (await Promise.all(pages)).map(({ data }) => data.map(({ role, content }) => ({ role, content })));
      };
      const kept = await messagesOf(await ApiClient.login(address, operator));
      expect(kept.map((messages) => messages.map(({ role }) => role))).toEqual(
        sessions.map(() => ['user', 'assistant']),
      );
      expect((await green.stop()).code).toBe(0);
      const down = await run(newer, 'migrate', 'down', '--to', older?.migrations.at(-1)?.slice(0, 4) ?? '');
      expect(down.code, down.err).toBe(0);
      expect(down.out).toMatch(/^tenant late: took back \d{4}_/m);
      const back = await start(older);
      const client = await ApiClient.login(back.address, operator);
      expect(await messagesOf(client)).toEqual(kept);
      const others = await ApiClient.login(back.address, CREDENTIAL);
      expect(await others.get('/v1/sessions')).toMatchObject({ data: [{ title: 'made by the old version' }] });
    });
  },
);

async function post(address: string, path: string, body: object): Promise<Response> {
  return fetch(address + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function tokenOf(address: string, credential: object): Promise<string> {
  const answer = (await (await post(address, '/v1/auth/login', credential)).json()) as { access_token: string };
  return answer.access_token;
}
