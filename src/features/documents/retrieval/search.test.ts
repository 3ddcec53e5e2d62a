import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { startDocuments, type TestDocuments } from '../../../../test/support/documents.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';
import { hashEmbedder } from '../../../ai/fakes.ts';
import { newId } from '../../../platform/id.ts';
import type { Principal } from '../../identity/index.ts';
import { inTenant } from '../../tenancy/index.ts';

const signal = new AbortController().signal;

describe.each(testDatabases())('search on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let app: TestDocuments;

  beforeAll(async () => {
    db = await open();
    app = await startDocuments(db.database);
  });
  afterAll(async () => {
    await app.stop();
    await db.close();
  });

  /** Somebody in a tenant of its own, with these documents. */
  async function withDocuments(texts: Record<string, string>): Promise<Principal> {
    const somebody = principalIn(await makeTenant(db.database));
    for (const [title, content] of Object.entries(texts)) await app.add(somebody, title, content);
    return somebody;
  }

  test('ranks by BM25: rare words count more, repeats less and less, long texts less', async () => {
    const somebody = await withDocuments({
      rare: 'The committee discussed the zebra in the report.',
      common: 'The committee discussed the report. Report after report was a report on the committee.',
      other: 'A report of the committee about something else entirely.',
    });
    expect(await app.find(somebody, 'report about a zebra')).toEqual(['rare', 'common', 'other']);
    const long = `zebra ${'filler words that say nothing about animals '.repeat(30)}`;
    await app.add(somebody, 'long', long.slice(0, 1_000));
    expect(await app.find(somebody, 'zebra')).toEqual(['rare', 'long']);
  });

  test('gives the score of the formula', async () => {
    const somebody = await withDocuments({ a: 'apple apple pear', b: 'pear plum', c: 'plum' });
    const { hits } = await app.documents.search(somebody.tenant, { query: 'apple', mode: 'sparse' }, signal);
    // The words of titles count twice; "a" is a stop word.
    const [words, average] = [3, (3 + (2 + 2) + (2 + 1)) / 3];
    const idf = Math.log(1 + (3 - 1 + 0.5) / (1 + 0.5));
    const expected = (idf * 2 * 2.2) / (2 + 1.2 * (1 - 0.75 + (0.75 * words) / average));
    expect(hits.map(({ title }) => title)).toEqual(['a']);
    expect(hits[0]?.score).toBeCloseTo(expected, 10);
    expect(hits[0]?.scores).toEqual({ sparse: hits[0]?.score });
  });

  test('finds words by their stems, titles, parts of compounds and without accents', async () => {
    const somebody = await withDocuments({
      'Travel policy': 'Employees are reimbursed for running costs.',
      Café: 'The e-mail of Node.js users about the TCP/IP stack.',
    });
    for (const [query, title] of [
      ['reimbursing runs', 'Travel policy'],
      ['policies', 'Travel policy'],
      ['email', 'Café'],
      ['cafe', 'Café'],
      ['nodejs', 'Café'],
      ['TCP', 'Café'],
    ] as const) {
      expect(await app.find(somebody, query), query).toEqual([title]);
    }
  });

  test('searches documents of several languages at once, and lets no stop word of one decide', async () => {
    const somebody = await withDocuments({
      english: 'The cats sit on the roof of the house and look at the birds that are in the garden of the neighbour.',
      german:
        'Die Katzen sitzen auf dem Dach des Hauses und schauen in den Garten, in dem die Vögel sind, wie "the who".',
      chinese: '猫坐在屋顶上，俯视着花园。鸟在树上。',
    });
    expect(await app.find(somebody, 'cat')).toEqual(['english']);
    expect(await app.find(somebody, 'Katze')).toEqual(['german']);
    expect(await app.find(somebody, 'Vogel im Garten des Nachbarn')).toEqual(['german']);
    expect((await app.find(somebody, 'who is on the roof of the house'))[0]).toBe('english');
    expect(await app.find(somebody, '屋顶')).toEqual(['chinese']);
  });

  test('finds nothing for words that say nothing, and for words that are nowhere', async () => {
    const somebody = await withDocuments({ only: 'One document about something.' });
    expect(await app.find(somebody, 'the of and')).toEqual([]);
    expect(await app.find(somebody, '…!? — 💥')).toEqual([]);
    expect(await app.find(somebody, 'xylophone')).toEqual([]);
    expect(await app.find(principalIn(await makeTenant(db.database)), 'something')).toEqual([]);
  });

  test('takes a query of 10,000 characters', async () => {
    const somebody = await withDocuments({ needle: 'A needle in a haystack.', other: 'Nothing.' });
    const long = `needle ${Array.from({ length: 1_400 }, (_, index) => `word${index}`).join(' ')}`.slice(0, 10_000);
    expect(await app.find(somebody, long)).toEqual(['needle']);
    expect(await app.find(somebody, 'x'.repeat(10_000))).toEqual([]);
  });

  test('filters by document and metadata', async () => {
    const somebody = await withDocuments({});
    const first = await app.add(somebody, 'first', 'about bridges', { team: 'red', year: 2024 });
    const second = await app.add(somebody, 'second', 'about bridges', { team: 'blue', year: 2024 });
    const find = (filter: object) => app.find(somebody, 'bridge', { filter });
    expect(await find({ document_ids: [second] })).toEqual(['second']);
    expect(await find({ document_ids: [second, newId()] })).toEqual(['second']);
    expect(await find({ document_ids: [] })).toEqual([]);
    expect(await find({ source_ids: [newId()] })).toEqual([]);
    expect(await find({ metadata: { team: 'red' } })).toEqual(['first']);
    expect(await find({ metadata: { year: 2024 } })).toEqual(['first', 'second']);
    expect(await find({ metadata: { year: '2024' } })).toEqual([]);
    expect(await find({ document_ids: [first], metadata: { team: 'blue' } })).toEqual([]);
  });

  test('finds enough when a filter, or documents that are not ready, leave out the best of many candidates', async () => {
    const somebody = await withDocuments({});
    const paragraph = `${'The bridge of bridges is a bridge. '.repeat(30)}\n\n`;
    const manyId = await app.add(somebody, 'bridge', paragraph.repeat(600));
    expect((await app.documents.service.get(somebody, manyId)).chunk_count).toBeGreaterThan(500);
    await app.add(somebody, 'lone', 'Here is a bridge among other things of little interest.', { wanted: true });
    await inTenant(db.database, somebody.tenant, async (trx) => {
      await trx.updateTable('document').set({ status: 'processing' }).where('id', '=', manyId).execute();
    });
    expect(await app.find(somebody, 'bridge')).toEqual(['lone']);
    await inTenant(db.database, somebody.tenant, async (trx) => {
      await trx.updateTable('document').set({ status: 'ready' }).where('id', '=', manyId).execute();
    });
    // Nobody but this test makes a document ready without a note of it.
    app.documents.forgetCaches();
    expect(await app.find(somebody, 'bridge', { filter: { metadata: { wanted: true } } })).toEqual(['lone']);
    expect(new Set(await app.find(somebody, 'bridge'))).toEqual(new Set(['bridge']));
  });

  test('never sees a neighbour’s document', async () => {
    const mine = await withDocuments({ mine: 'the secret of the pyramid' });
    const theirs = await withDocuments({ theirs: 'the secret of the pyramid, too' });
    expect(await app.find(mine, 'pyramid')).toEqual(['mine']);
    expect(await app.find(theirs, 'pyramid')).toEqual(['theirs']);
    const { hits } = await app.documents.search(theirs.tenant, { query: 'pyramid' }, signal);
    const stolen = { document_ids: hits.map((hit) => hit.document_id) };
    expect(await app.find(mine, 'pyramid', { filter: stolen })).toEqual([]);
  });

  test('keeps the figures of the corpus right when documents come and go', async () => {
    const somebody = await withDocuments({ one: 'alpha beta', two: 'alpha gamma delta' });
    const id = await app.add(somebody, 'three', 'epsilon zeta eta theta');
    const sums = () =>
      inTenant(db.database, somebody.tenant, async (trx) => {
        const { rows } = await sql<{ chunks: number; words: number }>`
          SELECT sum(chunk_count) AS chunks, sum(word_count) AS words FROM corpus_change`.execute(trx);
        const { rows: real } = await sql<{ chunks: number; words: number }>`
          SELECT count(*) AS chunks, sum(word_count) AS words FROM chunk`.execute(trx);
        return { counted: rows[0], real: real[0] };
      });
    const before = await sums();
    expect(before.counted).toEqual(before.real);
    await app.documents.service.remove(somebody, id);
    await app.documents.purge(somebody.tenant, signal);
    const after = await sums();
    expect(after.real?.chunks).toBe(2);
    expect(after.counted).toEqual(after.real);
  });

  describe('with vectors', () => {
    test('fuses words and meaning, and says what it did', async () => {
      const somebody = principalIn(await makeTenant(db.database));
      const hybrid = await startDocuments(db.database, { embedder: hashEmbedder() });
      await hybrid.add(somebody, 'bridge', 'The bridge over the river.');
      await hybrid.add(somebody, 'tower', 'The tower beside the church.');
      const search = (mode: 'hybrid' | 'dense' | 'sparse') =>
        hybrid.documents.search(somebody.tenant, { query: 'The bridge over the river.', mode }, signal);
      const fused = await search('hybrid');
      expect(fused.modeUsed).toBe('hybrid');
      expect(fused.hits[0]?.title).toBe('bridge');
      expect(Object.keys(fused.hits[0]?.scores ?? {}).sort()).toEqual(['dense', 'sparse']);
      const dense = await search('dense');
      expect(dense.hits).toHaveLength(2);
      for (const hit of dense.hits) expect(hit.score).toBeGreaterThanOrEqual(-1.001);
      expect((await search('sparse')).hits.map(({ title }) => title)).toEqual(['bridge']);
      const filtered = await hybrid.find(somebody, 'bridge', { mode: 'dense', filter: { metadata: { no: 1 } } });
      expect(filtered).toEqual([]);
      await hybrid.stop();
    });

    test('asks for an index when vectors are many, and finds the same through it', async () => {
      const somebody = principalIn(await makeTenant(db.database));
      const many = await startDocuments(db.database, { embedder: hashEmbedder(), vectorsWithoutIndex: 40 });
      const waiting = async () => {
        const { rows } = await sql<{ count: number }>`
          SELECT count(*) FROM pgboss.job WHERE name = 'documents.index-vectors'`.execute(db.database.db);
        return rows[0]?.count;
      };
      const names = Array.from({ length: 40 }, (_, index) => `${index} ${'abcdefghij'.charAt(index % 10)}${index}`);
      const search = async () => {
        const query = { query: names[7] ?? '', mode: 'dense' as const, top_k: 5 };
        return (await many.documents.search(somebody.tenant, query, signal)).hits.map(({ id }) => id);
      };
      for (const name of names.slice(0, 39)) await many.add(somebody, name, `This is about ${name}.`);
      expect(await waiting()).toBe(0);
      await many.add(somebody, names[39] ?? '', `This is about ${names[39]}.`);
      expect(await waiting()).toBe(db.database.kind === 'server' ? 1 : 0);

      const exact = await search();
      expect(exact).toHaveLength(5);
      const job = many.documents.jobs.find(({ name }) => name === 'documents.index-vectors');
      const [vector] = await hashEmbedder().embed(['one'], signal);
      const space = { embedder: hashEmbedder().id, dimensions: vector?.length };
      const build = () => job?.handle({ tenant: somebody.tenant, space } as never, { jobId: '1', signal });
      await build();
      await build();
      expect(await search()).toEqual(exact);
      await many.add(somebody, 'late', 'This came after the index was built.');
      expect(await search()).toHaveLength(5);
      await many.stop();
    });

    test('goes on with words when the embedder fails, and refuses where only vectors would do', async () => {
      const somebody = await withDocuments({ bridge: 'The bridge over the river.' });
      const failing = { ...hashEmbedder(), embed: () => Promise.reject(new Error('away')) };
      const broken = await startDocuments(db.database, { embedder: failing });
      const result = await broken.documents.search(somebody.tenant, { query: 'bridge' }, signal);
      expect(result.modeUsed).toBe('sparse');
      expect(result.hits).toHaveLength(1);
      const dense = broken.documents.search(somebody.tenant, { query: 'bridge', mode: 'dense' }, signal);
      await expect(dense).rejects.toMatchObject({ definition: { code: 'ERR_DOCUMENT_010' } });
      const without = app.documents.search(somebody.tenant, { query: 'bridge', mode: 'dense' }, signal);
      await expect(without).rejects.toMatchObject({ definition: { code: 'ERR_DOCUMENT_009' } });
      await broken.stop();
    });
  });
});
