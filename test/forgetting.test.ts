import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Forgetting, Tenant } from '../src/features/tenancy/index.ts';
import { newId } from '../src/platform/id.ts';
import { createObjectStorage } from '../src/platform/storage/open-storage.ts';
import { type TestDatabase, testDatabases } from './support/databases.ts';
import { type EmbeddingsServer, startEmbeddings } from './support/embeddings-server.ts';
import { newAccount } from './support/identity.ts';
import { type ServedApp, startApp } from './support/served-app.ts';
import { backUpTenant } from './support/tenant-backup.ts';

type Answer = { status: number; body: Record<string, never> & { [field: string]: unknown } };
type View = {
  id: string;
  status: string;
  planned: Record<string, number>;
  done: Record<string, number>;
  receipt: { total: number; counts: Record<string, number> } | null;
  signature: string | null;
};

const never = new AbortController().signal;

describe.each(testDatabases())('what is forgotten, on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let served: ServedApp;
  let embeddings: EmbeddingsServer;
  let folder: string;
  beforeAll(async () => {
    db = await open();
    embeddings = await startEmbeddings();
    folder = await mkdtemp(join(tmpdir(), 'parley-forgetting-'));
    const settings = {
      DATA_DIR: folder,
      EMBEDDING_MODEL: 'fake-small',
      EMBEDDING_BASE_URL: embeddings.url,
      UNPRICED_MODELS: 'allow',
    };
    served = await startApp(db, { settings });
  });
  afterAll(async () => {
    await served.stop();
    await embeddings.stop();
    await db.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A person in a tenant of their own. */
  async function person() {
    const account = newAccount();
    const send = async (method: string, path: string, body?: object, headers: object = {}): Promise<Answer> => {
      const response = await fetch(served.url + path, {
        method,
        headers: {
          ...(token && { authorization: `Bearer ${token}` }),
          ...(body && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
    };
    let token = '';
    const registered = (await send('POST', '/v1/auth/register', account)).body as unknown as {
      user: { id: string };
      tenant: Tenant;
    };
    const { email, password } = account;
    token = String((await send('POST', '/v1/auth/login', { email, password })).body.access_token);
    const { id, slug } = registered.tenant;
    return { userId: registered.user.id, tenant: { id, slug }, send };
  }
  type Person = Awaited<ReturnType<typeof person>>;

  async function ask(who: Person, session: string, input: string): Promise<string> {
    const { body } = await who.send('POST', `/v1/sessions/${session}/runs`, { input });
    const id = String((body as { id?: string; run?: { id: string } }).run?.id ?? body.id);
    await expect
      .poll(async () => (await who.send('GET', `/v1/runs/${id}`)).body.status, { timeout: 60_000 })
      .toBe('completed');
    return id;
  }

  /** Everything of a tenant in which a word stands: rows of every table, jobs, and what each search gives. */
  async function traces(who: Person, word: string): Promise<string[]> {
    const found: string[] = [];
    const { rows } = await served.services.database.execute(
      `SELECT table_name FROM information_schema.tables WHERE table_schema = 'tenant_${who.tenant.slug}' ORDER BY 1`,
    );
    for (const { table_name: table } of rows) {
      const has = await served.services.database.execute(
        `SELECT count(*)::int AS count FROM "tenant_${who.tenant.slug}"."${table}" t WHERE to_jsonb(t)::text ILIKE $1`,
        [`%${word}%`],
      );
      if (Number(has.rows[0]?.count) > 0) found.push(`rows of ${table}`);
    }
    const now = new Date().toISOString();
    const searches: [string, () => Promise<Answer>][] = [
      ...['hybrid', 'dense', 'sparse'].map((mode): [string, () => Promise<Answer>] => [
        `search ${mode}`,
        () => who.send('POST', '/v1/search', { query: word, mode }),
      ]),
      ['memory', () => who.send('POST', '/v1/memory/search', { query: word, explain: true })],
      ['memory as of now', () => who.send('POST', '/v1/memory/search', { query: word, as_of: now })],
      ['facts', () => who.send('GET', '/v1/memory/facts?history=true')],
    ];
    for (const [name, search] of searches) {
      const { body } = await search();
      if (JSON.stringify(body.data ?? body.items).includes(word)) found.push(name);
    }
    return found;
  }

  const coldStorage = () => createObjectStorage(join(folder, 'cold'), { pathStyle: false });
  async function coldTexts({ tenant }: Person): Promise<string> {
    const storage = coldStorage();
    const texts: string[] = [];
    for await (const key of storage.list(`${tenant.slug}/`)) {
      texts.push(gunzipSync((await storage.get(key)) ?? gzipSync('')).toString());
    }
    return texts.join('');
  }

  const forgetting = (): Forgetting => served.services.forgetting;
  const settled = (who: Person) =>
    expect
      .poll(
        async () => {
          const { body } = await who.send('GET', '/v1/forgetting');
          return (body.data as unknown as View[]).every(({ status }) => status === 'completed');
        },
        { timeout: 60_000 },
      )
      .toBe(true);
  const embedded = (who: Person, id: string) =>
    expect
      .poll(async () => (await who.send('GET', `/v1/messages/${id}`)).body.embedding_status, { timeout: 60_000 })
      .toBe('completed');

  test('of a session, a memory and a document is gone from every search and table, and stays so after a restore', {
    timeout: 120_000,
  }, async () => {
    const ann = await person();
    const session = String((await ann.send('POST', '/v1/sessions', { title: 'zanzibar' })).body.id);
    const quoting = String((await ann.send('POST', '/v1/sessions', {})).body.id);
    await ask(ann, session, 'My home town is zanzibar, where the spice market is.');
    const note = { role: 'user', content: 'The zanzibar spice market opens at seven.' };
    const kept = { role: 'user', content: 'The harbour opens at nine.' };
    const key = { 'idempotency-key': newId() };
    const memory = String((await ann.send('POST', '/v1/messages', note, key)).body.id);
    const other = String((await ann.send('POST', '/v1/messages', kept)).body.id);
    await embedded(ann, memory);
    await expect
      .poll(async () => JSON.stringify((await ann.send('GET', `/v1/messages?session_id=${session}`)).body), {
        timeout: 60_000,
      })
      .toContain('zanzibar');
    const text = { title: 'Notes', content: 'A guide to zanzibar and its spice market.' };
    const document = String((await ann.send('POST', '/v1/documents', text)).body.id);
    await expect
      .poll(async () => (await ann.send('GET', `/v1/documents/${document}`)).body.status, { timeout: 60_000 })
      .toBe('ready');
    // Another session's events quote the memory.
    await ask(ann, quoting, 'When does the spice market open?');
    const before = await traces(ann, 'zanzibar');
    for (const place of [
      'rows of run_event',
      'rows of memory',
      'rows of memory_posting',
      'search dense',
      'search sparse',
      'memory',
      'facts',
    ]) {
      expect(before).toContain(place);
    }
    const backup = await backUpTenant(db.database, ann.tenant);

    const plan = (await ann.send('POST', '/v1/forgetting', { kind: 'session', id: session, dry_run: true }))
      .body as unknown as View;
    expect(plan.planned).toMatchObject({ sessions: 1, runs: 1, memories: 1 });
    const begun = (await ann.send('POST', '/v1/forgetting', { kind: 'session', id: session })).body as unknown as View;
    expect((await ann.send('DELETE', `/v1/messages/${memory}`)).status).toBe(204);
    expect((await ann.send('DELETE', `/v1/documents/${document}`)).status).toBe(204);
    expect((await ann.send('DELETE', `/v1/sessions/${quoting}`)).status).toBe(204);
    await settled(ann);
    expect(await traces(ann, 'zanzibar')).toEqual([]);
    // Its repeat neither gives the answer again nor makes the memory again.
    expect((await ann.send('POST', '/v1/messages', note, key)).status).toBe(410);
    expect((await ann.send('GET', `/v1/messages/${other}`)).status).toBe(200);

    const { receipt, signature, done } = (await ann.send('GET', `/v1/forgetting/${begun.id}`)).body as unknown as View;
    expect(done).toMatchObject(plan.planned);
    expect((await ann.send('POST', '/v1/forgetting/verify', { receipt, signature } as object)).body).toEqual({
      genuine: true,
    });
    const forged = { receipt: { ...receipt, total: 0 }, signature };
    expect((await ann.send('POST', '/v1/forgetting/verify', forged)).body).toEqual({ genuine: false });

    await forgetting().journal(ann.tenant, never);
    await backup.restore();
    expect(await traces(ann, 'zanzibar')).toEqual(before);
    const applied = await forgetting().applyJournal(never);
    expect(applied.applied).toBe(4);
    expect(await traces(ann, 'zanzibar')).toEqual([]);
    expect((await ann.send('GET', `/v1/messages/${other}`)).status).toBe(200);
    expect(await forgetting().applyJournal(never, { tenant: ann.tenant })).toMatchObject({ entries: 4, applied: 0 });
  });

  test('of a subject and of a user is all of theirs, cold storage included, and nobody else’s', {
    timeout: 120_000,
  }, async () => {
    const ann = await person();
    const bob = await person();
    const said = { role: 'user', content: 'I live beside the quarry at Larvik.' };
    for (const who of [ann, bob]) await who.send('POST', '/v1/messages', said);
    await ann.send('POST', '/v1/messages', { ...said, subject: 'eve' });
    await ann.send('POST', '/v1/messages', { ...said, subject: 'mallory', content: 'My dog is called Quarry.' });
    const old = { ...said, content: 'Long ago the quarry at Larvik was open.', created_at: '2001-01-01T00:00:00Z' };
    await ann.send('POST', '/v1/messages', old);
    const rule = { name: 'cold', rule_type: 'age', conditions: { days: 90 }, action: 'move_to_cold_storage' };
    expect((await ann.send('POST', '/v1/retention/rules', rule)).status).toBe(201);
    const run = (await ann.send('POST', '/v1/retention/runs', { actions: ['move_to_cold_storage'] })).body;
    await expect
      .poll(async () => (await ann.send('GET', `/v1/retention/runs/${run.id}`)).body.status, { timeout: 60_000 })
      .toBe('completed');
    expect(await coldTexts(ann)).toContain('Long ago');
    const eve = (await ann.send('POST', '/v1/forgetting', { kind: 'subject', subject: 'eve' })).body as unknown as View;
    expect(eve.planned).toMatchObject({ memories: 1 });
    await settled(ann);
    const subject = async (name: string) =>
      ((await ann.send('GET', `/v1/messages?subject=${name}`)).body.data as unknown as unknown[]).length;
    expect([await subject('eve'), await subject('mallory')]).toEqual([0, 1]);

    const begun = (await ann.send('POST', '/v1/forgetting', { kind: 'user', id: ann.userId })).body as unknown as View;
    await settled(ann);
    const { receipt } = (await ann.send('GET', `/v1/forgetting/${begun.id}`)).body as unknown as View;
    expect(receipt?.counts).toMatchObject({ memories: 2, memory_spaces: 2, cold_memories: 1 });
    expect(await coldTexts(ann)).toBe('');
    expect(await traces(ann, 'quarry')).toEqual([]);
    expect(await traces(bob, 'quarry')).toContain('memory');
  });

  test('of a conversation that another program brought is what cold storage has of it, too, and of no other', {
    timeout: 120_000,
  }, async () => {
    const [ann, bob] = [await person(), await person()];
    const rule = { name: 'cold', rule_type: 'age', conditions: { days: 90 }, action: 'move_to_cold_storage' };
    const old = { role: 'user', created_at: '2001-01-01T00:00:00Z' };
    for (const who of [ann, bob]) {
      const bring = (conversation: string, content: string, more = {}) =>
        who.send('POST', '/v1/messages', { ...old, conversation_id: conversation, content, ...more });
      await bring('telegram/7', 'The lighthouse at Utsira is red.');
      await bring('telegram/7', 'The lighthouse of Eve is white.', { subject: 'eve' });
      await bring('telegram/8', 'The lighthouse at Ona is green.');
      await bring('telegram/9', 'The lighthouse at Skudenes is grey.');
      await bring('telegram/9', 'The lighthouse is lit again.', { created_at: new Date().toISOString() });
      expect((await who.send('POST', '/v1/retention/rules', rule)).status).toBe(201);
      const run = (await who.send('POST', '/v1/retention/runs', { actions: ['move_to_cold_storage'] })).body;
      await expect
        .poll(async () => (await who.send('GET', `/v1/retention/runs/${run.id}`)).body.status, { timeout: 60_000 })
        .toBe('completed');
    }
    const backup = await backUpTenant(db.database, ann.tenant);
    const coldBefore = new Map<string, Buffer>();
    for await (const key of coldStorage().list(`${ann.tenant.slug}/`)) {
      coldBefore.set(key, (await coldStorage().get(key)) as Buffer);
    }
    const forget = (conversation: string) =>
      ann.send('DELETE', `/v1/memory/conversations/${encodeURIComponent(conversation)}`);
    // One of which all was moved there, and one of which a part was.
    expect((await forget('telegram/7')).body).toEqual({ deleted: 0 });
    expect((await forget('telegram/9')).body).toEqual({ deleted: 1 });
    await settled(ann);
    const cold = await coldTexts(ann);
    expect(['Utsira', 'Skudenes', 'Eve', 'Ona'].filter((word) => cold.includes(word))).toEqual(['Eve', 'Ona']);
    const others = await coldTexts(bob);
    expect(['Utsira', 'Skudenes', 'Eve', 'Ona'].every((word) => others.includes(word))).toBe(true);
    expect(await traces(ann, 'lit again')).toEqual([]);

    // A database and a bucket from before it: the journal has them forget again.
    await forgetting().journal(ann.tenant, never);
    await backup.restore();
    for (const [key, bytes] of coldBefore) await coldStorage().put(key, bytes);
    expect([await coldTexts(ann), await traces(ann, 'lit again')].flat().join()).toMatch(/Utsira.*rows of memory/s);
    await forgetting().applyJournal(never, { tenant: ann.tenant });
    expect(await coldTexts(ann)).not.toMatch(/Utsira|Skudenes/);
    expect(await coldTexts(ann)).toContain('Ona');
    expect(await traces(ann, 'lit again')).toEqual([]);
  });

  test('of all memories of a user leaves the chats, other people’s memories and those of people that a program speaks for', {
    timeout: 120_000,
  }, async () => {
    const [ann, bob] = [await person(), await person()];
    const session = String((await ann.send('POST', '/v1/sessions', {})).body.id);
    await ask(ann, session, 'My boat is called Cormorant.');
    await ann.send('POST', '/v1/memory/facts', { attribute: 'boat', value: 'Cormorant' });
    const said = { role: 'user', content: 'The Cormorant needs paint.' };
    const { id } = (await ann.send('POST', '/v1/messages', said)).body;
    await ann.send('PUT', `/v1/messages/${id}`, { content: 'The Cormorant needs blue paint.' });
    await ann.send('POST', '/v1/messages', { ...said, subject: 'eve' });
    await bob.send('POST', '/v1/messages', said);
    // Not remembered yet, or just so: it must not come back afterwards.
    const dry = (await ann.send('POST', '/v1/forgetting', { kind: 'memories', dry_run: true })).body as unknown as View;
    const begun = (await ann.send('POST', '/v1/forgetting', { kind: 'memories' })).body as unknown as View;
    // Not that they are equal: what was asked may have been remembered in between.
    for (const { planned } of [dry, begun])
      expect(planned).toMatchObject({ memories: expect.any(Number), facts: expect.any(Number) });
    await settled(ann);
    const { receipt, signature } = (await ann.send('GET', `/v1/forgetting/${begun.id}`)).body as unknown as View;
    expect(receipt?.counts.memories).toBeGreaterThanOrEqual(2);
    expect(receipt?.counts.facts).toBeGreaterThanOrEqual(1);
    expect((await ann.send('POST', '/v1/forgetting/verify', { receipt, signature } as object)).body).toEqual({
      genuine: true,
    });
    const found = async (who: Person, subject?: string) =>
      (
        (await who.send('POST', '/v1/memory/search', { query: 'Cormorant', subject })).body
          .items as unknown as unknown[]
      ).length;
    expect([await found(ann), await found(ann, 'eve'), await found(bob)]).toEqual([0, 1, 1]);
    expect(await traces(ann, 'Cormorant')).not.toContain('facts');
    expect((await ann.send('GET', `/v1/sessions/${session}`)).status).toBe(200);
    // What was forgotten is not remembered anew from the chat that stays.
    await served.services.memory.runs.remember(ann.tenant, never);
    expect(await found(ann)).toBe(0);
  });

  test('takes waiting jobs and kept answers with it, and nothing of others', { timeout: 120_000 }, async () => {
    const ann = await person();
    const note = (content: string) => ({ role: 'user', content, conversation_id: newId() });
    const key = { 'idempotency-key': newId() };
    const first = note('The kestrel nests in the tower.');
    const { id } = (await ann.send('POST', '/v1/messages', first, key)).body;
    const { id: other } = (await ann.send('POST', '/v1/messages', note('The owl nests in the barn.'))).body;
    const { database } = served.services;
    const jobsOf = async (named: unknown) =>
      (await database.execute('SELECT id FROM pgboss.job WHERE strpos(data::text, $1) > 0', [named])).rows.length;
    // As a feature's job that waits for its time.
    const wait = (named: unknown) =>
      database.execute(
        `INSERT INTO pgboss.job (name, data, start_after) VALUES ('memory.embed', $1::jsonb, now() + interval '1 day')`,
        [JSON.stringify({ tenant: ann.tenant, memories: [named] })],
      );
    for (const named of [id, other]) await wait(named);
    expect([await jobsOf(id), await jobsOf(other)]).toEqual([1, 1]);
    const begun = (await ann.send('POST', '/v1/forgetting', { kind: 'memory', id: String(id) }))
      .body as unknown as View;
    await settled(ann);
    expect([await jobsOf(id), await jobsOf(other)]).toEqual([0, 1]);
    const { receipt } = (await ann.send('GET', `/v1/forgetting/${begun.id}`)).body as unknown as View;
    expect(receipt?.counts).toMatchObject({ memories: 1, jobs: 1, idempotent_answers: 1 });
    expect((await ann.send('POST', '/v1/messages', first, key)).status).toBe(410);
  });

  test('is refused for what is another’s', { timeout: 120_000 }, async () => {
    const [ann, bob] = [await person(), await person()];
    const session = String((await ann.send('POST', '/v1/sessions', {})).body.id);
    expect((await bob.send('POST', '/v1/forgetting', { kind: 'session', id: session })).status).toBe(404);
    expect((await ann.send('GET', `/v1/sessions/${session}`)).status).toBe(200);
    expect((await bob.send('GET', `/v1/forgetting/${newId()}`)).status).toBe(404);
  });
});
