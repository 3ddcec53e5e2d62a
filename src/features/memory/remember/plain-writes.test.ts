import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { startMemory, type TestMemory } from '../../../../test/support/memory.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';
import type { Database } from '../../../platform/database/database.ts';

let db: TestDatabase;
let app: TestMemory;
/** Transactions since it was emptied: `at once` in one packet, `looking` with an answer between. */
const transactions: ('at once' | 'looking')[] = [];

beforeAll(async () => {
  // The same on both: only the way to the database is tried.
  db = await (testDatabases().at(-1)?.open() ?? Promise.reject(new Error('There is no database.')));
  const counted: Database = {
    ...db.database,
    scoped: (schema, work) => {
      transactions.push('looking');
      return db.database.scoped(schema, work);
    },
    scopedQueries: (schema, queries) => {
      transactions.push('at once');
      return db.database.scopedQueries(schema, queries);
    },
  };
  app = await startMemory(counted);
});
afterAll(async () => {
  await app.stop();
  await db.close();
});

test('a message of known words and space is stored in one packet; what needs a look gets one, and the same end', async () => {
  const ann = principalIn(await makeTenant(db.database));
  const say = async (content: string, more: object = {}) => {
    transactions.length = 0;
    const stored = await app.memory.messages.create(ann, { role: 'user', content, ...more });
    return { ...stored, ways: [...transactions] };
  };
  // The space is new.
  expect((await say('The tram to the fair is late.')).ways).toContain('looking');
  const plain = await say('The fair is late.');
  expect(plain).toMatchObject({ isNew: true, ways: ['at once'] });
  // A word that nobody said before, and a memory with all that can be said of one.
  const more = {
    conversation_id: 'c',
    metadata: { a: [1] },
    created_at: '2026-01-02T03:04:05Z',
    importance_override: 1,
  };
  const other = await say('Quixotic tram.', more);
  expect(other.ways).toEqual(['at once']);
  expect(await app.memory.messages.get(ann, other.memory.id)).toEqual(other.memory);

  expect(await say('The fair is late.')).toMatchObject({ isNew: false, memory: { id: plain.memory.id } });
  expect((await say('My name is Ann.')).ways).toEqual(['looking']);
  const { data: facts } = await app.memory.facts.list(ann, {});
  expect(facts.map(({ value }) => value)).toEqual(['Ann']);
  await expect(say('The tram.', { session_id: ann.userId })).rejects.toMatchObject({
    definition: { code: 'ERR_MEMORY_003' },
  });
  await expect(say('The tram.', { tenant_id: 'other' })).rejects.toMatchObject({
    definition: { code: 'ERR_MEMORY_004' },
  });

  const found = await app.memory.recall.search(ann, { query: 'quixotic fair' }, new AbortController().signal);
  expect(found.items.map(({ content }) => content)).toEqual(
    expect.arrayContaining(['Quixotic tram.', 'The fair is late.']),
  );
});
