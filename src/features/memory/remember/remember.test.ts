import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { startMemory, type TestMemory } from '../../../../test/support/memory.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';
import { newId } from '../../../platform/id.ts';
import type { Principal } from '../../identity/index.ts';
import { inTenant } from '../../tenancy/index.ts';

describe.each(testDatabases())('remembering on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let app: TestMemory;
  let ann: Principal;
  let bob: Principal;
  let neighbour: Principal;

  beforeAll(async () => {
    db = await open();
    app = await startMemory(db.database);
    const tenant = await makeTenant(db.database);
    ann = principalIn(tenant);
    bob = principalIn(tenant);
    neighbour = principalIn(await makeTenant(db.database, 'Neighbour'));
  });
  afterAll(async () => {
    await app.stop();
    await db.close();
  });

  const say = (content: string, more = {}) => ({ role: 'user' as const, content, conversation_id: newId(), ...more });
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => null,
      (error: { definition?: { code: string } }) => error.definition?.code ?? String(error),
    );

  test('keeps what was said, with its importance by the formula', async () => {
    const { memory, isNew } = await app.memory.messages.create(
      ann,
      say(' The boat is green. ', { metadata: { a: 1 } }),
    );
    expect(isNew).toBe(true);
    expect(memory).toMatchObject({
      content: 'The boat is green.',
      role: 'user',
      scope: 'private',
      subject: null,
      metadata: { a: 1 },
      importance_override: null,
      noise: null,
      archived: false,
      version: 1,
      valid_to: null,
      embedding_status: 'pending',
      embedding_error: { code: 'ERR_EMBEDDING_001' },
    });
    expect(memory.importance_score).toBeCloseTo(0.54, 10);
    expect(await app.memory.messages.get(ann, memory.id)).toEqual(memory);
  });

  test('an override stands; what asks to be remembered weighs more; what was said long ago weighs less', async () => {
    const scoreOf = async (content: string, more = {}) =>
      (await app.memory.messages.create(ann, say(content, more))).memory.importance_score;
    expect(await scoreOf('The pin is 1234.', { importance_override: 0.91 })).toBe(0.91);
    expect(await scoreOf('Remember that the pin is 1234.')).toBeCloseTo(0.94, 10);
    expect(await scoreOf('The pin was 99.', { created_at: '2026-06-01T00:00:00Z' })).toBeCloseTo(0.14, 10);
  });

  test('when it was said is kept apart from when it came to memory', async () => {
    const { memory } = await app.memory.messages.create(
      ann,
      say('Said long ago.', { created_at: '2020-02-29T10:00:00Z' }),
    );
    expect(memory.created_at).toBe('2020-02-29T10:00:00.000Z');
    expect(memory.remembered_at).toBe(app.clock.now().toISOString());
  });

  test('the same words again are the same memory; at another time they are another', async () => {
    const once = say('We met at the lake.');
    const first = await app.memory.messages.create(ann, once);
    const again = await app.memory.messages.create(ann, once);
    expect(again).toEqual({ memory: first.memory, isNew: false });
    const later = await app.memory.messages.create(ann, { ...once, created_at: '2026-06-14T12:00:00Z' });
    expect(later.isNew).toBe(true);
  });

  test('ten writers of the same memory store it once', async () => {
    const same = say('Only once, whoever asks.');
    const results = await Promise.all(Array.from({ length: 10 }, () => app.memory.messages.create(ann, same)));
    expect(results.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(new Set(results.map(({ memory }) => memory.id)).size).toBe(1);
  });

  test('writers at the same time each get their own memory, and what is wrong with one refuses no other', async () => {
    const bodies = Array.from({ length: 12 }, (_, place) => say(`Said by writer ${place}.`));
    const wrong = { role: 'user' as const, content: 'in no session', session_id: newId() };
    const recalled = say('<memories>\nAnn lives in Rome.\n</memories>');
    const all = await Promise.allSettled(
      [...bodies.slice(0, 6), wrong, recalled, ...bodies.slice(6)].map((body) => app.memory.messages.create(ann, body)),
    );
    const contents = all.map((one) =>
      one.status === 'fulfilled' ? one.value.memory.content : one.reason.definition.code,
    );
    const said = bodies.map(({ content }) => content);
    expect(contents).toEqual([...said.slice(0, 6), 'ERR_MEMORY_003', 'ERR_REQUEST_002', ...said.slice(6)]);
  });

  test('metadata keeps its rules', async () => {
    const deep = { a: { b: { c: { d: 'four' } } } };
    const { memory } = await app.memory.messages.create(
      ann,
      say('deep', { metadata: { ...deep, long: 'x'.repeat(3_000) } }),
    );
    expect(memory.metadata).toEqual({ ...deep, long: 'x'.repeat(2_048) });
    for (const [metadata, field] of [
      [{ a: { b: { c: { d: { e: 5 } } } } }, 'metadata.a.b.c.d'],
      [{ list: Array.from({ length: 51 }, () => 1) }, 'metadata.list'],
      [Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${index}`, 1])), 'metadata'],
    ] as const) {
      const refused = app.memory.messages.create(ann, say('never', { metadata }));
      await expect(refused).rejects.toMatchObject({
        definition: { code: 'ERR_MEMORY_005' },
        options: { fields: [{ field }] },
      });
    }
  });

  test('a correction makes a new version and keeps the old one', async () => {
    const { memory } = await app.memory.messages.create(ann, say('The meeting is on Monday.'));
    app.clock.advance(60_000);
    const corrected = await app.memory.messages.change(ann, memory.id, { content: 'The meeting is on Tuesday.' });
    expect(corrected).toMatchObject({ id: memory.id, version: 2, content: 'The meeting is on Tuesday.' });
    expect(corrected.created_at).toBe(memory.created_at);
    const { data: versions, next_cursor } = await app.memory.messages.versions(ann, memory.id, { limit: 2 });
    expect(next_cursor).toBeNull();
    const first = await app.memory.messages.versions(ann, memory.id, { limit: 1 });
    const more = await app.memory.messages.versions(ann, memory.id, { limit: 1, cursor: first.next_cursor ?? '' });
    expect([...first.data, ...more.data]).toEqual(versions);
    expect(versions.map(({ content, valid_to }) => [content, valid_to])).toEqual([
      ['The meeting is on Tuesday.', null],
      ['The meeting is on Monday.', corrected.valid_from],
    ]);
    const old = versions[1]?.id ?? '';
    expect(await codeOf(app.memory.messages.change(ann, old, { content: 'x' }))).toBe('ERR_MEMORY_001');
  });

  test('a correction of what is in the archive stays there, with all its versions', async () => {
    const { memory } = await app.memory.messages.create(ann, say('The safe is behind the oleander.'));
    await app.memory.messages.change(ann, memory.id, { content: 'The safe is behind the hydrangea.' });
    await app.memory.messages.change(ann, memory.id, { archived: true });
    app.clock.advance(60_000);
    const corrected = await app.memory.messages.change(ann, memory.id, { content: 'The safe is behind the lilac.' });
    expect(corrected).toMatchObject({ archived: true, version: 3 });
    const search = async (more: object) =>
      (await app.memory.recall.search(ann, { query: 'Where is the safe?', ...more }, new AbortController().signal))
        .items;
    expect(await search({})).toEqual([]);
    expect(await search({ as_of: memory.remembered_at })).toEqual([]);
    await app.memory.messages.change(ann, memory.id, { archived: false });
    expect((await search({})).map(({ content }) => content)).toEqual(['The safe is behind the lilac.']);
    expect(await search({ as_of: memory.remembered_at })).toHaveLength(1);
  });

  test('importing the old text again does not undo a correction', async () => {
    const wrong = say('The key is 4711.');
    const { memory } = await app.memory.messages.create(ann, wrong);
    await app.memory.messages.change(ann, memory.id, { content: 'The key is 4712.' });
    const again = await app.memory.messages.create(ann, wrong);
    expect(again).toMatchObject({ isNew: false, memory: { id: memory.id, content: 'The key is 4712.' } });
  });

  test('a deleted memory leaves nothing behind', async () => {
    const { memory } = await app.memory.messages.create(ann, say('Zanzibarian quokkas whistle.'));
    await app.memory.messages.change(ann, memory.id, { content: 'Zanzibarian quokkas sing.' });
    await app.memory.messages.remove(ann, memory.id);
    expect(await codeOf(app.memory.messages.get(ann, memory.id))).toBe('ERR_MEMORY_001');
    const left = await inTenant(db.database, ann.tenant, (trx) =>
      trx.selectFrom('memory_posting').select('lexeme').where('lexeme', 'like', 'zanzibar%').execute(),
    );
    expect(left).toEqual([]);
  });

  test('a batch takes what is good and says what is wrong with the rest', async () => {
    const good = say('first of a batch');
    const { view, failed } = await app.memory.batches.create(ann, [
      good,
      { role: 'user', content: '   ' },
      say('deep', { metadata: { a: { b: { c: { d: { e: 5 } } } } } }),
      say('last of a batch'),
      'nonsense',
    ]);
    expect(failed).toBe(true);
    expect(view.results.map(({ status }) => status)).toEqual([201, 422, 422, 201, 422]);
    expect(view.created.map(({ content }) => content)).toEqual(['first of a batch', 'last of a batch']);
    expect(view.errors.map(({ message_index }) => message_index).sort()).toEqual([1, 2, 4]);
  });

  test('batches change and delete, one by one', async () => {
    const { memory } = await app.memory.messages.create(ann, say('to be changed'));
    const updated = await app.memory.batches.update(ann, [
      { message_id: memory.id, update: { content: 'changed' } },
      { message_id: newId(), update: { content: 'nobody' } },
      { message_id: memory.id, update: {} },
    ]);
    expect(updated.view.results.map(({ status }) => status)).toEqual([200, 404, 422]);
    const deleted = await app.memory.batches.remove(ann, [memory.id, memory.id, 'no id']);
    expect(deleted.view.results.map(({ status }) => status)).toEqual([204, 404, 404]);
  });

  test('the order of a batch without times is kept', async () => {
    const conversation_id = newId();
    const turns = ['one', 'two', 'three', 'four'].map((content) => say(content, { conversation_id }));
    await app.memory.messages.createMany(ann, turns);
    const { data } = await app.memory.messages.list(ann, { conversation_id });
    expect(data.map(({ content }) => content)).toEqual(['four', 'three', 'two', 'one']);
    const stats = await app.memory.conversations.stats(ann, conversation_id, undefined);
    expect(stats).toMatchObject({ message_count: 4, user_count: 4, assistant_count: 0 });
  });

  test('what came out of memory does not go in again', async () => {
    const marked = 'Yes.\n<memories>\nAnn lives in Rome.\n</memories>\nThe train leaves at nine.';
    const { memory } = await app.memory.messages.create(ann, say(marked));
    expect(memory.content).not.toContain('Rome');
    expect(memory.content).toContain('The train leaves at nine.');
    const refused = app.memory.messages.create(ann, say('<memories>\nAnn lives in Rome.\n</memories>'));
    expect(await codeOf(refused)).toBe('ERR_REQUEST_002');
  });

  test('a greeting is kept, since it was asked for, and marked', async () => {
    expect((await app.memory.messages.create(ann, say('Hi there!'))).memory.noise).toBe('greeting');
  });

  describe('whose it is', () => {
    test('a private memory is its user’s alone', async () => {
      const { memory } = await app.memory.messages.create(ann, say('Ann’s secret'));
      for (const act of [
        (who: Principal) => app.memory.messages.get(who, memory.id),
        (who: Principal) => app.memory.messages.versions(who, memory.id),
        (who: Principal) => app.memory.messages.change(who, memory.id, { archived: true }),
        (who: Principal) => app.memory.messages.remove(who, memory.id),
      ]) {
        expect(await codeOf(act(bob))).toBe('ERR_MEMORY_002');
        expect(await codeOf(act({ ...bob, role: 'owner' }))).toBe('ERR_MEMORY_002');
        expect(await codeOf(act(neighbour))).toBe('ERR_MEMORY_001');
      }
      expect((await app.memory.messages.list(bob, {})).data).toEqual([]);
      expect((await app.memory.conversations.list(bob, {})).data).toEqual([]);
      const conversation = memory.conversation_id ?? '';
      const signal = new AbortController().signal;
      expect(await codeOf(app.memory.conversations.stats(bob, conversation, undefined))).toBe('ERR_MEMORY_007');
      expect(await codeOf(app.memory.conversations.remove(bob, conversation, undefined, signal))).toBe(
        'ERR_MEMORY_007',
      );
      expect((await app.memory.messages.get(ann, memory.id)).archived).toBe(false);
    });

    test('a shared one is read by all, and changed by who stored it or an admin', async () => {
      const { memory } = await app.memory.messages.create(
        ann,
        say('The office is closed on Friday.', { scope: 'shared' }),
      );
      expect((await app.memory.messages.get(bob, memory.id)).scope).toBe('shared');
      expect(await codeOf(app.memory.messages.change(bob, memory.id, { archived: true }))).toBe('ERR_MEMORY_002');
      expect(await codeOf(app.memory.messages.get(neighbour, memory.id))).toBe('ERR_MEMORY_001');
      const admin = { ...bob, role: 'admin' as const };
      expect((await app.memory.messages.change(admin, memory.id, { importance_override: 1 })).importance_score).toBe(1);
    });

    test('subjects of one program are kept apart', async () => {
      await app.memory.messages.create(ann, say('Carl likes figs.', { subject: 'carl' }));
      const contents = async (subject?: string) =>
        (await app.memory.messages.list(ann, { limit: 100, ...(subject !== undefined && { subject }) })).data.map(
          ({ content }) => content,
        );
      expect(await contents('carl')).toEqual(['Carl likes figs.']);
      expect(await contents('dora')).toEqual([]);
      expect(await contents()).not.toContain('Carl likes figs.');
    });

    test('a session must be one’s own, a tenant, too', async () => {
      const id = newId();
      await inTenant(db.database, ann.tenant, (trx) =>
        trx.insertInto('session').values({ id, user_id: ann.userId, title: null, metadata: '{}' }).execute(),
      );
      const inSession = { role: 'user' as const, content: 'said in a session', session_id: id };
      expect((await app.memory.messages.create(ann, inSession)).memory).toMatchObject({
        session_id: id,
        conversation_id: id,
      });
      expect(await codeOf(app.memory.messages.create(bob, inSession))).toBe('ERR_MEMORY_002');
      expect(await codeOf(app.memory.messages.create(ann, { ...inSession, session_id: newId() }))).toBe(
        'ERR_MEMORY_003',
      );
      expect(await codeOf(app.memory.messages.create(ann, say('x', { tenant_id: neighbour.tenant.slug })))).toBe(
        'ERR_MEMORY_004',
      );
      expect((await app.memory.messages.create(ann, say('own tenant', { tenant_id: ann.tenant.slug }))).isNew).toBe(
        true,
      );
    });
  });

  test('a space that was forgotten is made anew', async () => {
    const dora = principalIn(ann.tenant);
    const { memory } = await app.memory.messages.create(dora, say('before'));
    await app.memory.messages.remove(dora, memory.id);
    await inTenant(db.database, ann.tenant, (trx) =>
      trx.deleteFrom('memory_space').where('user_id', '=', dora.userId).execute(),
    );
    expect((await app.memory.messages.create(dora, say('after'))).isNew).toBe(true);
    await inTenant(db.database, ann.tenant, async (trx) => {
      await trx.deleteFrom('memory').where('created_by', '=', dora.userId).execute();
      await trx.deleteFrom('memory_corpus_change').execute();
      await trx.deleteFrom('memory_space').where('user_id', '=', dora.userId).execute();
    });
    expect(await app.memory.facts.create(dora, { attribute: 'tea', value: 'oolong' })).toMatchObject({
      value: 'oolong',
    });
  });
});
