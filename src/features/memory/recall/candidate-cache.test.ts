import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { movableClock } from '../../../../test/support/identity.ts';
import { startMemory, type TestMemory } from '../../../../test/support/memory.ts';
import { sharedStore } from '../../../../test/support/shared-store.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';
import { createCandidateCache } from './candidate-cache.ts';

const never = new AbortController().signal;

const found = { version: 'v1', counts: [], numbers: [3, 1], cosines: [[3, 0.1234567890123456] as const] };

test('what was found is known for a minute, to other processes through Redis, and to none where that fails', async () => {
  const { redis, store, texts } = sharedStore();
  const clock = movableClock();
  const [one, other] = [createCandidateCache({ redis, clock }), createCandidateCache({ redis, clock })];
  one.set('key', found);
  expect(await one.get('key')).toEqual(found);
  expect(await other.get('key')).toEqual(found);
  store.away = true;
  expect(await other.get('key')).toBeNull();
  expect(await one.get('key')).toEqual(found);
  clock.advance(61_000);
  expect(await one.get('key')).toBeNull();
  store.away = false;
  texts.set('parley:recall:key', '{"version": 1');
  expect(await other.get('key')).toBeNull();
  texts.set('parley:recall:key', JSON.stringify({ ...found, numbers: ['1; DROP'] }));
  expect(await other.get('key')).toBeNull();
  one.set('key', found);
  clock.advance(-3_600_000);
  store.away = true;
  expect(await one.get('key')).toBeNull();
  store.away = false;
  one.clear();
  texts.clear();
  expect(await one.get('key')).toBeNull();
});

describe.each(testDatabases())('a question that is asked again on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let app: TestMemory;
  let shared: ReturnType<typeof sharedStore>;
  beforeAll(async () => {
    db = await open();
    shared = sharedStore();
    app = await startMemory(db.database, { redis: shared.redis });
  });
  afterAll(async () => {
    await app.stop();
    await db.close();
  });

  test('is answered from what it found, as that is now: never with what is gone, and with what came', async () => {
    const ann = principalIn(await makeTenant(db.database), { role: 'admin' });
    const { memory } = app;
    const say = async (content: string) => (await memory.messages.create(ann, { role: 'user', content })).memory.id;
    const ask = () => memory.recall.search(ann, { query: 'Where is the lantern?', explain: true }, never);
    const contents = async () => (await ask()).items.map(({ content }) => content).sort();
    const [first, second] = [await say('The lantern hangs in the shed.'), await say('The old lantern is broken.')];
    const answer = await ask();
    expect(answer.items).toHaveLength(2);
    expect(await ask()).toEqual(answer);
    expect([...shared.texts.values()].join()).not.toContain('lantern');

    // So that the test can fail: what is kept is what is used, as long as the version holds.
    const [key, text] = [...shared.texts][0] as [string, string];
    memory.forgetCaches();
    const { numbers } = JSON.parse(text) as { numbers: number[] };
    shared.texts.set(key, JSON.stringify({ ...JSON.parse(text), numbers: [Math.min(...numbers)] }));
    expect(await contents()).toEqual(['The lantern hangs in the shed.']);
    // What somebody put there is of no use to them: whose memories they are is looked at, too.
    const bob = principalIn(ann.tenant);
    const secret = await memory.messages.create(bob, { role: 'user', content: 'Bob has a lantern.' });
    await memory.recall.search(bob, { query: 'Where is the lantern?' }, never);
    const [, bobs] = [...shared.texts].find(([other]) => other !== key) as [string, string];
    memory.forgetCaches();
    shared.texts.set(key, JSON.stringify({ ...JSON.parse(text), numbers: JSON.parse(bobs).numbers }));
    expect(await contents()).toEqual([]);
    await memory.messages.remove(bob, secret.memory.id);
    memory.forgetCaches();
    shared.texts.clear();

    await ask();
    await say('A new lantern came.');
    expect(await contents()).toHaveLength(3);
    await memory.messages.change(ann, second, { archived: true });
    expect(await contents()).toEqual(['A new lantern came.', 'The lantern hangs in the shed.']);
    await memory.messages.change(ann, second, { archived: false });
    expect(await contents()).toHaveLength(3);
    await memory.messages.change(ann, first, { content: 'The lantern hangs in the hall.' });
    expect(await contents()).toContain('The lantern hangs in the hall.');
    expect(await contents()).not.toContain('The lantern hangs in the shed.');
    for (const id of [first, second]) await memory.messages.remove(ann, id);
    expect(await contents()).toEqual(['A new lantern came.']);
  });
});
