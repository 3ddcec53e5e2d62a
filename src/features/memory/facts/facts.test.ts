import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { startMemory, type TestMemory } from '../../../../test/support/memory.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';
import type { Principal } from '../../identity/index.ts';
import { inTenant, type Tenant } from '../../tenancy/index.ts';
import type { FactQuery } from './fact.schema.ts';

describe.each(testDatabases())('facts on the $kind database', ({ open }) => {
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

  const say = (who: Principal, content: string, created_at?: string) =>
    app.memory.messages
      .create(who, { role: 'user', content, ...(created_at !== undefined && { created_at }) })
      .then(({ memory }) => memory);
  const known = async (who: Principal, query: FactQuery = {}) =>
    (await app.memory.facts.list(who, query)).data.map(({ sentence }) => sentence).sort();

  test('are drawn from what is said, with their source', async () => {
    const ann = principalIn(tenant);
    const { id } = await say(ann, 'Hi! My name is Ann and I live in Oslo.');
    expect(await known(ann)).toEqual(['You live in Oslo.', 'Your name is Ann.']);
    const { data } = await app.memory.facts.list(ann, { attribute: 'name' });
    expect(data).toMatchObject([{ value: 'Ann', origin: 'rule', message_id: id, valid_to: null }]);
    await app.memory.messages.create(ann, { role: 'assistant', content: 'My name is Bot.' });
    expect(await known(ann)).toEqual(['You live in Oslo.', 'Your name is Ann.']);
  });

  test('a later statement supersedes; history and as_of keep the earlier', async () => {
    const ann = principalIn(tenant);
    await say(ann, 'I live in Oslo.', '2026-01-01T00:00:00Z');
    await say(ann, 'I moved to Bergen.', '2026-05-01T00:00:00Z');
    // What is learned late is put in its place in time.
    await say(ann, 'I live in Hamar.', '2026-03-01T00:00:00Z');
    expect(await known(ann)).toEqual(['You live in Bergen.']);
    expect(await known(ann, { as_of: '2026-02-01T00:00:00Z' })).toEqual(['You live in Oslo.']);
    expect(await known(ann, { as_of: '2026-04-01T00:00:00Z' })).toEqual(['You live in Hamar.']);
    expect(await known(ann, { history: true })).toHaveLength(3);
  });

  test('corrections in words, and by hand', async () => {
    const ann = principalIn(tenant);
    await say(ann, 'My name is Ann.', '2026-06-01T00:00:00Z');
    await say(ann, 'Sorry, it’s Anna, not Ann.', '2026-06-02T00:00:00Z');
    expect(await known(ann)).toEqual(['Your name is Anna.']);
    const [fact] = (await app.memory.facts.list(ann, {})).data;
    const corrected = await app.memory.facts.correct(ann, fact?.id ?? '', 'Annika');
    expect(corrected).toMatchObject({ value: 'Annika', origin: 'person' });
    expect(await known(ann)).toEqual(['Your name is Annika.']);
    await app.memory.facts.remove(ann, corrected.id);
    expect(await known(ann)).toEqual(['Your name is Anna.']);
  });

  test('tastes are many, and end one by one', async () => {
    const ann = principalIn(tenant);
    await say(ann, 'I like figs. I like rain.', '2026-06-01T00:00:00Z');
    await say(ann, 'I no longer like rain.', '2026-06-02T00:00:00Z');
    await say(ann, 'I hate figs.', '2026-06-03T00:00:00Z');
    expect(await known(ann)).toEqual(['You do not like figs.']);
  });

  test('go with the message that says so, and what they had ended holds again', async () => {
    const ann = principalIn(tenant);
    await say(ann, 'I live in Oslo.', '2026-06-01T00:00:00Z');
    const { id } = await say(ann, 'I live in Paris.', '2026-06-02T00:00:00Z');
    await app.memory.messages.remove(ann, id);
    expect(await known(ann)).toEqual(['You live in Oslo.']);
    expect(await known(ann, { history: true })).toEqual(['You live in Oslo.']);
  });

  test('what is said to the whole tenant is nobody’s name', async () => {
    const [ann, bob] = [principalIn(tenant), principalIn(tenant)];
    const shared = { role: 'user', content: 'My name is Ann. I live in Oslo.', scope: 'shared' } as const;
    const { memory } = await app.memory.messages.create(ann, shared);
    await app.memory.messages.change(ann, memory.id, { content: 'My name is Anna.' });
    const stored = await inTenant(db.database, tenant, (trx) =>
      trx
        .selectFrom('memory_fact')
        .innerJoin('memory_space', 'memory_space.id', 'memory_fact.space_id')
        .select('value')
        .where('memory_space.user_id', 'is', null)
        .execute(),
    );
    expect(stored).toEqual([]);
    expect(await known(bob)).toEqual([]);
  });

  test('a clock that was ahead does not outlive a correction', async () => {
    const ann = principalIn(tenant);
    await say(ann, 'I live in Oslo.', '2026-06-15T20:00:00Z');
    const [fact] = (await app.memory.facts.list(ann, {})).data;
    app.clock.advance(60_000);
    await app.memory.facts.correct(ann, fact?.id ?? '', 'Bergen');
    expect(await known(ann, { as_of: '2026-06-16T00:00:00Z' })).toEqual(['You live in Bergen.']);
  });

  test('the same attribute of the same person is one, however it is written', async () => {
    const ann = principalIn(tenant);
    await app.memory.facts.create(ann, { about: 'Sister', attribute: 'name', value: 'Eva' });
    await app.memory.facts.create(ann, { about: 'sister', attribute: 'Name', value: 'Eve' });
    expect(await known(ann)).toEqual(['Your sister’s name is Eve.']);
  });

  test('writers at the same time leave one current fact', async () => {
    const ann = principalIn(tenant);
    const towns = ['Oslo', 'Bergen', 'Hamar', 'Moss', 'Narvik', 'Bodo'];
    await Promise.all(towns.map((town, index) => say(ann, `I live in ${town}.`, `2026-06-01T00:00:0${index}Z`)));
    expect(await known(ann)).toEqual(['You live in Bodo.']);
  });

  test('are nobody else’s', async () => {
    const [ann, bob] = [principalIn(tenant), principalIn(tenant)];
    const neighbour = principalIn(await makeTenant(db.database, 'Neighbour'));
    await say(ann, 'My name is Ann.');
    const id = (await app.memory.facts.list(ann, {})).data[0]?.id ?? '';
    for (const [who, code] of [
      [bob, 'ERR_MEMORY_002'],
      [neighbour, 'ERR_MEMORY_006'],
    ] as const) {
      expect(await known(who)).toEqual([]);
      await expect(app.memory.facts.correct(who, id, 'Eve')).rejects.toMatchObject({ definition: { code } });
      await expect(app.memory.facts.remove(who, id)).rejects.toMatchObject({ definition: { code } });
      const exported = await Array.fromAsync(app.memory.exports.json(who, undefined, new AbortController().signal));
      expect(JSON.parse(exported.join(''))).toEqual({ facts: [], memories: [] });
      expect(await app.memory.exports.stats(who, undefined)).toMatchObject({ memories: 0, facts: 0 });
    }
    expect(await known(ann)).toEqual(['Your name is Ann.']);
  });

  test('all that is remembered can be taken out, and the junk meter reads', async () => {
    const ann = principalIn(tenant);
    await say(ann, 'My name is Ann.');
    await say(ann, '=HYPERLINK("evil")');
    await say(ann, 'thanks!');
    const signal = new AbortController().signal;
    const json = JSON.parse((await Array.fromAsync(app.memory.exports.json(ann, undefined, signal))).join(''));
    expect(json.facts).toHaveLength(1);
    expect(json.memories).toHaveLength(3);
    const csv = (await Array.fromAsync(app.memory.exports.csv(ann, undefined, signal))).join('');
    expect(csv).toContain('"Your name is Ann."');
    expect(csv).toContain(`"'=HYPERLINK(""evil"")"`);
    expect(await app.memory.exports.stats(ann, undefined)).toMatchObject({
      memories: 3,
      facts: 1,
      noise: 1,
      noise_by_reason: { greeting: 1 },
      embedding: { pending: 3, completed: 0, failed: 0 },
    });
  });
});
