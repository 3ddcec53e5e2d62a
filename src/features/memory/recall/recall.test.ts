import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { startMemory, type TestMemory } from '../../../../test/support/memory.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';
import { ModelError } from '../../../ai/chat-model.ts';
import { hashEmbedder } from '../../../ai/fakes.ts';
import { findByKeys } from '../../../platform/database/find-by-keys.ts';
import type { Principal } from '../../identity/index.ts';
import { inTenant, type Tenant } from '../../tenancy/index.ts';
import type { RecallBody } from './recall.schema.ts';
import { candidateRows } from './recall.store.ts';

const never = new AbortController().signal;

describe.each(testDatabases())('recall on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let app: TestMemory;
  let tenant: Tenant;

  beforeAll(async () => {
    db = await open();
    app = await startMemory(db.database);
    tenant = await makeTenant(db.database);
  });
  afterAll(async () => {
    await app.stop();
    await db.close();
  });

  const say = (who: Principal, content: string, more = {}) =>
    app.memory.messages.create(who, { role: 'user', content, ...more }).then(({ memory }) => memory);
  const find = async (who: Principal, body: RecallBody) => (await app.memory.recall.search(who, body, never)).items;
  const contents = async (who: Principal, body: RecallBody) => (await find(who, body)).map(({ content }) => content);

  test('finds what was said by its words, the best first, and nothing for words that nobody said', async () => {
    const ann = principalIn(tenant);
    await say(ann, 'The boat is moored at the northern pier.');
    await say(ann, 'Lunch was good.');
    await say(ann, 'The boats were painted.');
    expect(await contents(ann, { query: 'Where is the boat moored?' })).toEqual([
      'The boat is moored at the northern pier.',
      'The boats were painted.',
    ]);
    expect(await find(ann, { query: 'xylophone' })).toEqual([]);
    expect(await find(ann, { query: 'the of and' })).toEqual([]);
  });

  test('looks at what it found by number, however little the database knows of its tables', async () => {
    await say(principalIn(tenant), 'The boat is moored at the northern pier.');
    const rows = await inTenant(db.database, tenant, async (trx) => {
      await trx.executeQuery(findByKeys);
      const statement = candidateRows([1, 2, 3], ['boat'], { spaceIds: [1, 2], filter: { withoutNoise: true } });
      return (await sql<{ 'QUERY PLAN': string }>`EXPLAIN ${statement}`.execute(trx)).rows;
    });
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toMatch(/Index Scan using memory_pkey on memory\b/);
    expect(plan.match(/Scan Backward using memory_conversation|Scan using memory_conversation/g)).toHaveLength(2);
    expect(plan).not.toMatch(/Seq Scan|Bitmap|memory_space|Hash|Merge|Materialize/);
  });

  test('the score can be computed by hand, to the last digit', async () => {
    const ann = principalIn(tenant);
    const conversation_id = 'by-hand';
    const at = (hour: number) => `2026-06-0${hour}T00:00:00Z`;
    await say(ann, 'Which harbour has the ferry to Oslo?', { conversation_id, created_at: at(1) });
    await say(ann, 'The ferry to Oslo leaves from the east harbour.', {
      conversation_id,
      created_at: at(2),
      role: 'assistant',
    });
    await say(ann, 'I like trains.', { conversation_id: 'other', created_at: at(3) });
    const items = await find(ann, { query: 'ferry harbour', explain: true });
    expect(items).toHaveLength(2);
    const [k1, b] = [1.2, 0.75];
    for (const { explanation, score, similarity, importance, decay, created_at } of items) {
      if (!explanation) throw new Error('no explanation');
      const words = explanation.terms.reduce((sum, { idf, frequency }) => {
        const length = (b * explanation.word_count) / explanation.average_words;
        return sum + (idf * frequency * (k1 + 1)) / (frequency + k1 * (1 - b + length));
      }, 0);
      expect(explanation.words).toBe(words);
      expect(similarity).toBe(((words + explanation.context) * explanation.role_factor) / explanation.best_lexical);
      expect(decay).toBe(0.5 ** ((Date.parse('2026-06-15T12:00:00Z') - Date.parse(created_at)) / (7 * 86_400_000)));
      expect(score).toBe(0.6 * similarity + 0.3 * importance + 0.1 * decay);
    }
    // Three memories, both words in two of them.
    expect(items[0]?.explanation?.terms.map(({ idf }) => idf)).toEqual([
      Math.log(1 + 1.5 / 2.5),
      Math.log(1 + 1.5 / 2.5),
    ]);
    expect(items[0]?.explanation?.context).toBe(0.2 * (items[1]?.explanation?.words ?? 0));
  });

  test('a turn comes along with the turn that it answers', async () => {
    const ann = principalIn(tenant);
    const conversation_id = 'keys';
    await say(ann, 'Where did you put the cellar key?', {
      conversation_id,
      role: 'assistant',
      created_at: '2026-06-10T10:00:00Z',
    });
    await say(ann, 'Under the mat.', { conversation_id, created_at: '2026-06-10T10:01:00Z' });
    const items = await find(ann, { query: 'cellar key' });
    const answer = items.find(({ content }) => content === 'Under the mat.');
    expect(answer?.preceded_by).toEqual({ role: 'assistant', content: 'Where did you put the cellar key?' });
  });

  test('filters hold', async () => {
    const ann = principalIn(tenant);
    await say(ann, 'blue wagon', {
      conversation_id: 'c1',
      metadata: { team: 'red' },
      created_at: '2026-05-01T00:00:00Z',
    });
    await say(ann, 'blue wagon wheel', {
      conversation_id: 'c2',
      role: 'assistant',
      importance_override: 0.9,
      created_at: '2026-06-01T00:00:00Z',
    });
    const query = 'blue wagon';
    expect(await find(ann, { query })).toHaveLength(2);
    for (const filter of [
      { conversation_id: 'c1' },
      { role: 'user' as const },
      { metadata: { team: 'red' } },
      { to: '2026-05-15T00:00:00Z' },
      { as_of: '2026-05-15T00:00:00Z' },
    ]) {
      expect([filter, await contents(ann, { query, ...filter })]).toEqual([filter, ['blue wagon']]);
    }
    expect(await contents(ann, { query, importance_min: 0.8 })).toEqual(['blue wagon wheel']);
    expect(await contents(ann, { query, from: '2026-05-15T00:00:00Z' })).toEqual(['blue wagon wheel']);
    expect(await find(ann, { query, session_id: ann.userId })).toEqual([]);
    const { tenant_id: _, ...other } = { query, tenant_id: 'nobody-s' };
    await expect(app.memory.recall.search(ann, { ...other, tenant_id: 'nobody-s' }, never)).rejects.toMatchObject({
      definition: { code: 'ERR_MEMORY_004' },
    });
  });

  test('words of time weigh, and find by themselves', async () => {
    const ann = principalIn(tenant);
    await say(ann, 'Dinner with Carl at the harbour.', { created_at: '2026-06-14T18:00:00Z' });
    await say(ann, 'Dinner with Dora at the harbour.', { created_at: '2026-03-02T18:00:00Z' });
    const [first] = await contents(ann, { query: 'With whom did I have dinner in March?' });
    expect(first).toContain('Dora');
    expect(await contents(ann, { query: 'What happened yesterday?' })).toEqual(['Dinner with Carl at the harbour.']);
    const { time } = await app.memory.recall.search(ann, { query: 'dinner last week' }, never);
    expect(time).toEqual({ from: '2026-06-08T00:00:00.000Z', to: '2026-06-15T00:00:00.000Z', words: 'last week' });
  });

  test('a correction is what is recalled; as_of recalls what stood then', async () => {
    const ann = principalIn(tenant);
    const { id } = await say(ann, 'The launch is planned for Monday.', { created_at: '2026-06-01T00:00:00Z' });
    app.clock.advance(60_000);
    await app.memory.messages.change(ann, id, { content: 'The launch is planned for Thursday.' });
    const query = 'When is the launch planned?';
    expect(await contents(ann, { query })).toEqual(['The launch is planned for Thursday.']);
    const then = await find(ann, { query, as_of: '2026-06-02T00:00:00Z' });
    expect(then.map(({ content, message_id }) => [content, message_id])).toEqual([
      ['The launch is planned for Monday.', id],
    ]);
    expect(await find(ann, { query, as_of: '2026-05-01T00:00:00Z' })).toEqual([]);
  });

  test('archived and deleted memories are not recalled', async () => {
    const ann = principalIn(tenant);
    const { id } = await say(ann, 'A walrus in the archive.');
    await app.memory.messages.change(ann, id, { archived: true });
    expect(await find(ann, { query: 'walrus' })).toEqual([]);
    await app.memory.messages.change(ann, id, { archived: false });
    expect(await find(ann, { query: 'walrus' })).toHaveLength(1);
    await app.memory.messages.remove(ann, id);
    expect(await find(ann, { query: 'walrus' })).toEqual([]);
  });

  test('a budget packs the most evidence, once, and keeps what contradicts', async () => {
    const ann = principalIn(tenant);
    for (const content of [
      'The gate code is 4711.',
      'So the gate code is 4711!',
      'The gate code is 4712.',
      'The gate code is not 4711.',
      `The gate code was long ago written in a very long note: ${'gate code '.repeat(200)}`,
    ]) {
      await say(ann, content, { conversation_id: content });
    }
    const packed = await contents(ann, { query: 'gate code', top_k: 10, budget_tokens: 60 });
    expect(packed).toHaveLength(3);
    expect(packed).toContain('The gate code is 4712.');
    expect(packed).toContain('The gate code is not 4711.');
  });

  test('nobody recalls another’s private memory', async () => {
    const [ann, bob] = [principalIn(tenant), principalIn(tenant)];
    const neighbour = principalIn(await makeTenant(db.database, 'Next door'));
    await say(ann, 'The treasure lies under the oak.');
    await say(ann, 'The treasure map is shared by all.', { scope: 'shared' });
    await say(ann, 'Carl’s treasure is a song.', { subject: 'carl' });
    const query = 'treasure';
    expect(await contents(bob, { query })).toEqual(['The treasure map is shared by all.']);
    expect(await find(bob, { query, scope: 'private' })).toEqual([]);
    expect(await find({ ...bob, role: 'owner' }, { query, subject: 'carl', scope: 'private' })).toEqual([]);
    expect(await find(neighbour, { query })).toEqual([]);
    expect(await contents(ann, { query, subject: 'carl', scope: 'private' })).toEqual(['Carl’s treasure is a song.']);
    expect(await contents(ann, { query, scope: 'private' })).toEqual(['The treasure lies under the oak.']);
  });
});

describe.each(testDatabases())('recall by meaning on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let app: TestMemory;
  let ann: Principal;
  let outage: Error | null = null;
  const embedder = hashEmbedder({
    fail: (texts) =>
      outage ?? (texts.some((text) => text.includes('unspeakable')) ? new ModelError('bad-request', 'no') : null),
  });

  beforeAll(async () => {
    db = await open();
    app = await startMemory(db.database, { embedder });
    ann = principalIn(await makeTenant(db.database));
  });
  afterEach(() => {
    outage = null;
  });
  afterAll(async () => {
    await app.stop();
    await db.close();
  });

  const say = (content: string) =>
    app.memory.messages.create(ann, { role: 'user', content }).then(({ memory }) => memory);
  const stateOf = async (id: string) => (await app.memory.messages.get(ann, id)).embedding_status;
  const embed = () => app.memory.embedding.embed(ann.tenant, never);

  test('a vector follows by a job, and its state is seen', async () => {
    const memory = await say('A heron stands in the reeds.');
    expect(memory).toMatchObject({ embedding_status: 'pending', embedding_error: null });
    expect(await embed()).toEqual({ left: false });
    expect(await stateOf(memory.id)).toBe('completed');
    const { items, mode_used } = await app.memory.recall.search(ann, { query: 'heron', explain: true }, never);
    expect(mode_used).toBe('hybrid');
    expect(items[0]?.explanation?.cosine).toBeGreaterThan(0);
  });

  test('words and meaning are fused so that it can be computed by hand, to the last digit', async () => {
    await say('The lock of the boathouse is green.');
    await say('The boathouse has two locks and a ladder.');
    await say('A ladder leans on the wall.');
    await embed();
    const body = { query: 'green boathouse lock', explain: true, top_k: 100 };
    const { items } = await app.memory.recall.search(ann, body, never);
    expect(items.length).toBeGreaterThan(2);
    for (const { explanation, similarity } of items) {
      if (!explanation) throw new Error('no explanation');
      const { words, context, role_factor, best_lexical, cosine, best_cosine } = explanation;
      const lexical = ((words + context) * role_factor) / best_lexical;
      const meaning = cosine === null || best_cosine === null ? 0 : (cosine + 1) / (best_cosine + 1);
      expect(similarity).toBe(0.5 * lexical + 0.5 * meaning);
    }
    // The same question of the same memories gives the same figures.
    expect((await app.memory.recall.search(ann, body, never)).items).toEqual(items);
  });

  test('the same words are embedded once', async () => {
    const calls = embedder.embedded.length;
    expect((await say('A heron stands in the reeds.')).embedding_status).toBe('completed');
    await app.memory.messages.create(ann, { role: 'assistant', content: 'A heron stands in the reeds.' });
    await embed();
    expect(embedder.embedded.length).toBe(calls);
  });

  test('an outage is shown as failed, never as a made-up vector, and is made good after it', async () => {
    const { id } = await say('The lighthouse keeper sleeps.');
    outage = new ModelError('unavailable', 'down');
    for (const expected of ['pending', 'pending', 'failed']) {
      expect(await embed()).toEqual({ left: true });
      expect(await stateOf(id)).toBe(expected);
    }
    const failed = await app.memory.messages.get(ann, id);
    expect(failed.embedding_error).toMatchObject({ code: 'ERR_EMBEDDING_002' });
    const during = await app.memory.recall.search(ann, { query: 'lighthouse keeper asleep' }, never);
    expect(during).toMatchObject({ mode_used: 'words', items: [{ message_id: id }] });
    outage = null;
    expect(await embed()).toEqual({ left: false });
    expect(await app.memory.messages.get(ann, id)).toMatchObject({
      embedding_status: 'completed',
      embedding_error: null,
    });
  });

  test('a text that the embedder refuses fails alone', async () => {
    const [bad, good] = [await say('unspeakable words'), await say('speakable words')];
    expect(await embed()).toEqual({ left: false });
    expect([await stateOf(bad.id), await stateOf(good.id)]).toEqual(['failed', 'completed']);
    expect((await app.memory.messages.get(ann, bad.id)).embedding_error).toMatchObject({ code: 'ERR_EMBEDDING_003' });
  });
});
