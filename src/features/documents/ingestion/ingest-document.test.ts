import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { startDocuments, type TestDocuments } from '../../../../test/support/documents.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';
import { ModelError } from '../../../ai/chat-model.ts';
import { type Gate, gate, hashEmbedder } from '../../../ai/fakes.ts';
import type { Principal } from '../../identity/index.ts';
import { inTenant } from '../../tenancy/index.ts';
import type { Extract } from './ingestion.types.ts';

const never = new AbortController().signal;
const TEXT = `# Bridges

${'The bridge crosses the river between the two towers of the old town. '.repeat(60)}

# Towers

${'The tower was built by the merchants, who wanted to see their ships. '.repeat(60)}`;

/** An extraction that a test holds up. */
function heldUp(at: Gate): Extract {
  return async ({ bytes }, signal) => {
    await at.pass(signal);
    const text = Buffer.from(bytes).toString();
    const blocks = [{ kind: 'paragraph' as const, start: 0, end: text.length, level: 0, page: null }];
    return { ok: true, document: { text, blocks, title: null, pageCount: null, format: 'text', warnings: [] } };
  };
}

describe.each(testDatabases())('ingestion on the $kind database', ({ open }) => {
  let db: TestDatabase;
  const started: TestDocuments[] = [];

  beforeAll(async () => {
    db = await open();
  });
  // A queue that works would take the jobs of the next test.
  afterEach(async () => {
    for (const app of started.splice(0)) await app.stop();
  });
  afterAll(() => db.close());

  async function start(options: Parameters<typeof startDocuments>[1] = {}): Promise<TestDocuments> {
    const app = await startDocuments(db.database, options);
    started.push(app);
    return app;
  }
  const newcomer = async () => principalIn(await makeTenant(db.database));
  const create = ({ documents }: TestDocuments, principal: Principal, content = TEXT) =>
    documents.service.createFromText(principal, { title: 'Old town', content, content_type: 'text/markdown' });

  async function countRows({ tenant }: Principal): Promise<Record<string, number>> {
    return inTenant(db.database, tenant, async (trx) => {
      const tables = ['document', 'document_file', 'document_text', 'chunk', 'posting', 'embedding'];
      const counts: Record<string, number> = {};
      for (const table of tables) {
        const { rows } = await sql<{ count: number }>`SELECT count(*) FROM ${sql.table(table)}`.execute(trx);
        counts[table] = rows[0]?.count ?? 0;
      }
      return counts;
    });
  }

  test('goes from queued to ready by its job', async () => {
    const app = await start({ work: true });
    const somebody = await newcomer();
    const created = await create(app, somebody);
    expect(created).toMatchObject({ status: 'queued', progress: 0, error: null, chunk_count: 0 });
    await vi.waitFor(async () => {
      expect((await app.documents.service.get(somebody, created.id)).status).toBe('ready');
    }, 240_000);
    const ready = await app.documents.service.get(somebody, created.id);
    expect(ready).toMatchObject({ progress: 1, language: 'english', title: 'Old town' });
    const rows = await countRows(somebody);
    expect(rows.chunk).toBe(ready.chunk_count);
    expect(ready.chunk_count).toBeGreaterThan(4);
    const { text, length } = await app.documents.service.content(somebody, created.id, {});
    expect(text).toHaveLength(length);
    expect(text).toContain('The bridge crosses the river');
  });

  test('every chunk is what the text says at its span', async () => {
    const app = await start();
    const somebody = await newcomer();
    const { id } = await create(app, somebody, `${TEXT}\n\nÜber 𝒜 Brücken 🌉 gehen.`);
    await app.documents.ingest(somebody.tenant, id, never);
    const { hits } = await app.documents.search(somebody.tenant, { query: 'tower bridge Brücken', top_k: 100 }, never);
    expect(hits.length).toBeGreaterThan(4);
    for (const hit of hits) {
      const span = { start: hit.start_offset, end: hit.end_offset };
      expect((await app.documents.service.content(somebody, id, span)).text).toBe(hit.text);
      expect(await app.documents.service.chunk(somebody, hit.id)).toMatchObject({ text: hit.text, span });
    }
  });

  test('a file that cannot be read fails with a reason, and leaves nothing to find', async () => {
    const app = await start({
      extract: async () => ({ ok: false, failure: 'password-protected', detail: 'Remove the password.' }),
    });
    const somebody = await newcomer();
    const { id } = await create(app, somebody);
    expect(await app.documents.ingest(somebody.tenant, id, never)).toBe('failed');
    expect(await app.documents.service.get(somebody, id)).toMatchObject({
      status: 'failed',
      error: { code: 'ERR_INGESTION_002', detail: 'Remove the password.' },
    });
    expect(await countRows(somebody)).toMatchObject({ chunk: 0, posting: 0 });
    await expect(app.documents.service.content(somebody, id, {})).rejects.toThrow('has not been extracted');
  });

  test('a failed document can be tried again', async () => {
    const somebody = await newcomer();
    const broken = await start({ extract: () => Promise.reject(new Error('out of luck')) });
    const { id } = await create(broken, somebody);
    expect(await broken.documents.ingest(somebody.tenant, id, never)).toBe('failed');
    const { error } = await broken.documents.service.get(somebody, id);
    expect(error?.code).toBe('ERR_INGESTION_010');
    expect(error?.detail).not.toContain('luck');
    const app = await start();
    expect((await app.documents.service.retry(somebody, id)).status).toBe('queued');
    expect(await app.documents.ingest(somebody.tenant, id, never)).toBe('ready');
    await expect(app.documents.service.retry(somebody, id)).rejects.toMatchObject({
      definition: { code: 'ERR_DOCUMENT_008' },
    });
  });

  test('a try whose process died is repeated from the start, and the dead one can write no more', async () => {
    const somebody = await newcomer();
    const held = gate();
    const slow = await start({ extract: heldUp(held) });
    const { id } = await create(slow, somebody);
    const first = slow.documents.ingest(somebody.tenant, id, never);
    await held.reached;
    const app = await start();
    expect(await app.documents.ingest(somebody.tenant, id, never)).toBe('ready');
    const rows = await countRows(somebody);
    held.open();
    expect(await first).toBe('gone');
    expect(await countRows(somebody)).toEqual(rows);
    expect((await app.documents.service.get(somebody, id)).status).toBe('ready');
  });

  test('what a try had stored before it died does not stay beside what the next one stores', async () => {
    const somebody = await newcomer();
    const dying = await start({ embedder: { ...hashEmbedder(), embed: () => Promise.reject(new Error('killed')) } });
    const { id } = await create(dying, somebody);
    // As the queue would: the failure may pass, so the document waits for its next try with its chunks half done.
    const half = dying.documents.jobs.find(({ name }) => name === 'documents.ingest');
    const payload = { tenant: somebody.tenant, documentId: id } as never;
    await expect(half?.handle(payload, { jobId: '1', signal: never })).rejects.toThrow('killed');
    expect((await dying.documents.service.get(somebody, id)).status).toBe('queued');
    expect((await countRows(somebody)).chunk).toBeGreaterThan(0);
    const app = await start();
    expect(await app.documents.ingest(somebody.tenant, id, never)).toBe('ready');
    expect((await countRows(somebody)).chunk).toBe((await app.documents.service.get(somebody, id)).chunk_count);
  });

  test('a document whose job was lost can be tried again, once it has stalled', async () => {
    const somebody = await newcomer();
    const app = await start();
    const { id } = await create(app, somebody);
    await expect(app.documents.service.retry(somebody, id)).rejects.toThrow('this one is queued');
    const later = { now: () => new Date(Date.now() + 3_601_000) };
    const afterAnHour = await start({ clock: later });
    expect((await afterAnHour.documents.service.retry(somebody, id)).status).toBe('queued');
    expect(await app.documents.ingest(somebody.tenant, id, never)).toBe('ready');
    await expect(afterAnHour.documents.service.retry(somebody, id)).rejects.toThrow('this one is ready');
  });

  test('a document whose tries are all cut off fails in the end', async () => {
    const somebody = await newcomer();
    const app = await start();
    const { id } = await create(app, somebody);
    await inTenant(db.database, somebody.tenant, async (trx) => {
      await trx.updateTable('document').set({ tries: 5, attempt: 5 }).where('id', '=', id).execute();
    });
    expect(await app.documents.ingest(somebody.tenant, id, never)).toBe('failed');
    expect((await app.documents.service.get(somebody, id)).error?.code).toBe('ERR_INGESTION_009');
  });

  test('a shutdown lets the document wait for the next process', async () => {
    const somebody = await newcomer();
    const held = gate();
    const app = await start({ extract: heldUp(held) });
    const { id } = await create(app, somebody);
    const stop = new AbortController();
    const cut = app.documents.ingest(somebody.tenant, id, stop.signal);
    await held.reached;
    stop.abort(new Error('shutting down'));
    await expect(cut).rejects.toThrow('shutting down');
    expect((await app.documents.service.get(somebody, id)).status).toBe('queued');
  });

  test('deletion wins over an ingestion that is under way', async () => {
    const somebody = await newcomer();
    const held = gate();
    const app = await start({ extract: heldUp(held) });
    const { id } = await create(app, somebody);
    const ingestion = app.documents.ingest(somebody.tenant, id, never);
    await held.reached;
    await app.documents.service.remove(somebody, id);
    held.open();
    expect(await ingestion).toBe('gone');
    await app.documents.purge(somebody.tenant, never);
    for (const count of Object.values(await countRows(somebody))) expect(count).toBe(0);
  });

  test('a deleted document is gone at once, and nothing of it is left in the end', async () => {
    const app = await start({ embedder: hashEmbedder(), work: true });
    const somebody = await newcomer();
    const { id } = await create(app, somebody);
    await vi.waitFor(async () => {
      expect((await app.documents.service.get(somebody, id)).status).toBe('ready');
    }, 240_000);
    const { hits } = await app.documents.search(somebody.tenant, { query: 'bridge' }, never);
    await app.documents.service.remove(somebody, id);
    for (const mode of ['hybrid', 'dense', 'sparse'] as const) {
      expect(await app.find(somebody, 'bridge', { mode })).toEqual([]);
    }
    await expect(app.documents.service.get(somebody, id)).rejects.toThrow('There is no document');
    await expect(app.documents.service.chunk(somebody, hits[0]?.id ?? '')).rejects.toThrow('There is no chunk');
    expect((await app.documents.service.list(somebody, {})).data).toEqual([]);
    await vi.waitFor(async () => {
      for (const count of Object.values(await countRows(somebody))) expect(count).toBe(0);
    }, 240_000);
  });

  test('text that was embedded once is not embedded again', async () => {
    const somebody = await newcomer();
    const embedded: string[] = [];
    const real = hashEmbedder();
    const counting = {
      id: real.id,
      embed: async (texts: readonly string[], signal: AbortSignal) => {
        embedded.push(...texts);
        return real.embed(texts, signal);
      },
    };
    const app = await start({ embedder: counting });
    const first = await create(app, somebody);
    await app.documents.ingest(somebody.tenant, first.id, never);
    const { embedding, chunk } = await countRows(somebody);
    // Chunks that say the same share a vector.
    expect(embedding).toBeLessThan(chunk ?? 0);
    expect(embedded).toHaveLength(embedding ?? 0);
    const second = await create(app, somebody);
    await app.documents.ingest(somebody.tenant, second.id, never);
    expect(embedded).toHaveLength(embedding ?? 0);
    await app.documents.service.remove(somebody, first.id);
    await app.documents.purge(somebody.tenant, never);
    expect(await countRows(somebody)).toMatchObject({ embedding, chunk });
    expect(await app.find(somebody, 'bridge', { mode: 'dense', top_k: 1 })).toEqual(['Old town']);
  });

  test('an embedder that refuses makes the document fail at once, one that is away after its tries', async () => {
    const somebody = await newcomer();
    const handle = async (app: TestDocuments, documentId: string) => {
      const job = app.documents.jobs.find(({ name }) => name === 'documents.ingest');
      await job?.handle({ tenant: somebody.tenant, documentId } as never, { jobId: '1', signal: never });
    };
    const failing = (kind: 'unauthorized' | 'unavailable') => ({
      ...hashEmbedder(),
      embed: () => Promise.reject(new ModelError(kind, 'no')),
    });
    const refused = await start({ embedder: failing('unauthorized') });
    const one = await create(refused, somebody);
    await handle(refused, one.id);
    expect((await refused.documents.service.get(somebody, one.id)).error?.code).toBe('ERR_INGESTION_008');

    const away = await start({ embedder: failing('unavailable') });
    const other = await create(away, somebody);
    for (let attempt = 1; attempt < 5; attempt += 1) await expect(handle(away, other.id)).rejects.toThrow('no');
    await handle(away, other.id);
    expect(await away.documents.service.get(somebody, other.id)).toMatchObject({
      status: 'failed',
      error: { code: 'ERR_INGESTION_008' },
    });
  });
});
