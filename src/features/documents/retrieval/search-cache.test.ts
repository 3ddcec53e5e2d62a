import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { startDocuments, type TestDocuments } from '../../../../test/support/documents.ts';
import { sharedStore } from '../../../../test/support/shared-store.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';
import type { Embedder } from '../../../ai/embedder.ts';
import { hashEmbedder } from '../../../ai/fakes.ts';
import type { Principal } from '../../identity/index.ts';
import type { FoundChunks } from './search-cache.ts';

describe.each(testDatabases())('a search that is repeated on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let app: TestDocuments;
  const shared = sharedStore();
  const embedder = hashEmbedder();
  const embedded: string[] = [];
  let whileEmbedding: (() => Promise<unknown>) | null = null;
  const counting: Embedder = {
    ...embedder,
    embed: async (texts, signal) => {
      embedded.push(...texts);
      const work = whileEmbedding;
      whileEmbedding = null;
      await work?.();
      return embedder.embed(texts, signal);
    },
  };

  beforeAll(async () => {
    db = await open();
    app = await startDocuments(db.database, { redis: shared.redis, embedder: counting });
  });
  afterAll(async () => {
    await app.stop();
    await db.close();
  });

  async function somebodyWith(texts: Record<string, string>): Promise<Principal> {
    const somebody = principalIn(await makeTenant(db.database));
    for (const [title, content] of Object.entries(texts)) await app.add(somebody, title, content);
    shared.texts.clear();
    app.documents.forgetCaches();
    return somebody;
  }
  const TWO = { first: 'A zebra in the garden.', second: 'The zebra of the neighbour.' };
  const ask = (somebody: Principal, more = {}) =>
    app.documents.search(somebody.tenant, { query: 'zebra', ...more }, new AbortController().signal);
  /** What lies in Redis of the one search that there was, changed. */
  function change(how: (found: FoundChunks) => FoundChunks): void {
    const [key, text] = [...shared.texts][0] as [string, string];
    app.documents.forgetCaches();
    shared.texts.set(key, JSON.stringify(how(JSON.parse(text) as FoundChunks)));
  }

  test('is answered from what it found, here and through Redis, with the same scores and one vector', async () => {
    const ann = await somebodyWith(TWO);
    embedded.length = 0;
    const answer = await ask(ann);
    expect(answer).toMatchObject({ modeUsed: 'hybrid', hits: [{}, {}] });
    expect(await ask(ann)).toEqual(answer);
    expect(embedded).toEqual(['zebra']);
    expect([...shared.texts].join()).not.toContain('zebra');
    change(({ ranked, ...found }) => ({ ...found, ranked: ranked.slice(0, 1) }));
    expect((await ask(ann)).hits).toEqual(answer.hits.slice(0, 1));
    shared.store.away = true;
    app.documents.forgetCaches();
    expect(await ask(ann)).toEqual(answer);
    shared.store.away = false;
    shared.texts.set([...shared.texts.keys()][0] ?? '', '{"version":1}');
    app.documents.forgetCaches();
    expect(await ask(ann)).toEqual(answer);
  });

  test('has what came, and nothing of what is gone', async () => {
    const ann = await somebodyWith({});
    const first = await app.add(ann, 'first', TWO.first);
    const second = await app.add(ann, 'second', TWO.second);
    expect(await app.find(ann, 'zebra', { mode: 'sparse' })).toHaveLength(2);
    // Asked while its words are stored and it is not ready yet.
    whileEmbedding = async () => expect(await app.find(ann, 'zebra', { mode: 'sparse' })).toHaveLength(2);
    const third = await app.add(ann, 'third', 'A third zebra.');
    expect(whileEmbedding).toBeNull();
    expect(await app.find(ann, 'zebra', { mode: 'sparse' })).toHaveLength(3);
    await app.documents.service.remove(ann, third);
    expect(await app.find(ann, 'zebra', { mode: 'sparse' })).toHaveLength(2);
    const [best] = await app.find(ann, 'zebra', { mode: 'sparse', top_k: 1 });
    await app.documents.service.remove(ann, best === 'first' ? first : second);
    // Not a place that stays empty.
    expect(await app.find(ann, 'zebra', { mode: 'sparse', top_k: 1 })).toEqual([best === 'first' ? 'second' : 'first']);
  });

  test('is nobody else’s, whatever lies in Redis', async () => {
    const [ann, bob] = [await somebodyWith(TWO), await somebodyWith({ other: 'Nothing but a zebra.' })];
    const { hits } = await ask(ann);
    shared.texts.clear();
    expect(await app.find(bob, 'zebra')).toEqual(['other']);
    change((found) => ({ ...found, ranked: hits.map(({ id, score, scores }) => ({ id, score, scores })) }));
    expect(await app.find(bob, 'zebra')).toEqual([]);
  });

  test('by what may change alone is made anew', async () => {
    const ann = await somebodyWith(TWO);
    const filter = { metadata: { kind: 'note' } };
    expect((await ask(ann, { filter })).hits).toEqual([]);
    expect(shared.texts.size).toBe(0);
  });
});
