import { array, assert, asyncProperty, constantFrom, integer, tuple } from 'fast-check';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { forgettingOn } from '../../../../test/support/forgetting.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';
import { unmetered } from '../../../../test/support/unmetered.ts';
import { gate, type ScriptedModel, scriptedModel } from '../../../ai/fakes.ts';
import { systemClock } from '../../../platform/clock.ts';
import { loadOwnMigrations } from '../../../platform/database/migrations/installation.ts';
import { createMetrics } from '../../../platform/telemetry/metrics.ts';
import type { Principal } from '../../identity/index.ts';
import { inTenant, type Tenant } from '../../tenancy/index.ts';
import type { RunView } from '../chat.schema.ts';
import { type Chat, createChat } from '../chat.ts';
import type { PlacedMessageView } from '../message.ts';

describe.each(testDatabases())('branches of a session on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let tenant: Tenant;
  let somebody: Principal;
  const started: Chat[] = [];

  beforeAll(async () => {
    db = await open();
    tenant = await makeTenant(db.database);
    somebody = principalIn(tenant);
  });
  afterEach(async () => {
    for (const chat of started.splice(0)) await chat.engine.stop(0);
  });
  afterAll(() => db.close());

  async function chatWith(model: ScriptedModel): Promise<Chat> {
    const forgetting = forgettingOn(db.database, { enqueue: async () => undefined }, () => [chat.forgetter]);
    const chat: Chat = createChat({
      forgetting,
      database: db.database,
      log: pino({ level: 'silent' }),
      metrics: createMetrics(),
      clock: systemClock,
      meter: unmetered,
      models: { resolve: () => model, list: () => [], embedder: null },
      retrieve: () => async (query) => ({ query, route: 'off', strategy: 'none', hits: [], passages: null }),
      queue: { enqueue: async () => undefined },
    });
    started.push(chat);
    await chat.engine.start();
    return chat;
  }
  /** Its answers are numbered: a0, a1, … */
  const numbered = () => scriptedModel((_request, call) => [`a${call}`]);
  const said = (model: ScriptedModel) => model.requests.at(-1)?.messages.map(({ content }) => content);

  async function ended(chat: Chat, run: RunView): Promise<RunView> {
    for await (const _ of await chat.runs.follow(somebody, run.id, 0, new AbortController().signal));
    return run;
  }
  const messages = async (chat: Chat, id: string): Promise<PlacedMessageView[]> =>
    (await chat.sessions.messages(somebody, id, { limit: 100 })).data;
  const contents = async (chat: Chat, id: string) => (await messages(chat, id)).map(({ content }) => content);

  /** A session with these questions and their answers. */
  async function talk(chat: Chat, ...questions: string[]): Promise<string> {
    const { id } = await chat.sessions.create(somebody, {});
    for (const input of questions) await ended(chat, await chat.runs.create(somebody, id, { input }));
    return id;
  }
  async function at(chat: Chat, id: string, index: number): Promise<PlacedMessageView> {
    return (await messages(chat, id)).at(index) as PlacedMessageView;
  }

  test('another answer stands beside the first one, and what followed that stays with it', async () => {
    const model = numbered();
    const chat = await chatWith(model);
    const id = await talk(chat, 'one', 'two');
    const first = await at(chat, id, 1);
    const run = await ended(chat, await chat.runs.regenerate(somebody, id, first.id, {}));
    expect(said(model)).toEqual(['one']);
    expect(await contents(chat, id)).toEqual(['one', 'a2']);
    const again = await at(chat, id, 1);
    expect(again).toMatchObject({ run_id: run.id, parent_id: first.parent_id, siblings: [first.id, again.id] });
    expect(await chat.sessions.get(somebody, id)).toMatchObject({ message_count: 2, current_message_id: again.id });
    expect((await chat.runs.inputs(somebody, run.id)).map(({ content }) => content)).toEqual(['one']);

    await ended(chat, await chat.runs.create(somebody, id, { input: 'three' }));
    expect(said(model)).toEqual(['one', 'a2', 'three']);
    const back = await chat.sessions.update(somebody, id, { current_message_id: first.id });
    expect(await contents(chat, id)).toEqual(['one', 'a0', 'two', 'a1']);
    expect(back).toMatchObject({ message_count: 4, current_message_id: (await at(chat, id, -1)).id });
    await chat.sessions.update(somebody, id, { current_message_id: again.id });
    expect(await contents(chat, id)).toEqual(['one', 'a2', 'three', 'a3']);
  });

  test('a question is asked otherwise in its place, the first one too', async () => {
    const model = numbered();
    const chat = await chatWith(model);
    const id = await talk(chat, 'one', 'two');
    const [first, , second] = (await messages(chat, id)) as [PlacedMessageView, PlacedMessageView, PlacedMessageView];
    await ended(chat, await chat.runs.edit(somebody, id, second.id, { input: 'TWO' }));
    expect(said(model)).toEqual(['one', 'a0', 'TWO']);
    await ended(chat, await chat.runs.edit(somebody, id, first.id, { input: 'ONE' }));
    expect(said(model)).toEqual(['ONE']);
    expect(await contents(chat, id)).toEqual(['ONE', 'a3']);
    const root = await at(chat, id, 0);
    expect(root).toMatchObject({ parent_id: null, siblings: [first.id, root.id] });
    // The end that was used last.
    await chat.sessions.update(somebody, id, { current_message_id: first.id });
    expect(await contents(chat, id)).toEqual(['one', 'a0', 'TWO', 'a2']);
    await chat.sessions.update(somebody, id, { current_message_id: second.id });
    expect(await contents(chat, id)).toEqual(['one', 'a0', 'two', 'a1']);
    expect((await at(chat, id, 2)).siblings).toHaveLength(2);
  });

  test('is asked for as before, unless the request says otherwise', async () => {
    const model = numbered();
    const chat = await chatWith(model);
    const { id } = await chat.sessions.create(somebody, {});
    const asked = { input: 'one', instructions: 'Be brief.', temperature: 0.5, max_output_tokens: 50 };
    await ended(chat, await chat.runs.create(somebody, id, asked));
    const question = await at(chat, id, 0);
    await ended(chat, await chat.runs.regenerate(somebody, id, question.id, { temperature: 1 }));
    expect(model.requests.at(-1)).toMatchObject({ instructions: 'Be brief.', temperature: 1, maxOutputTokens: 50 });
    await ended(chat, await chat.runs.edit(somebody, id, question.id, { input: 'ONE', instructions: 'Be long.' }));
    expect(model.requests.at(-1)).toMatchObject({ instructions: 'Be long.', temperature: 0.5 });
  });

  test('pages of messages, in both directions, are of the current branch', async () => {
    const chat = await chatWith(numbered());
    const id = await talk(chat, 'one', 'two', 'three');
    await ended(chat, await chat.runs.edit(somebody, id, (await at(chat, id, 2)).id, { input: 'TWO' }));
    await ended(chat, await chat.runs.create(somebody, id, { input: 'THREE' }));
    const line = ['one', 'a0', 'TWO', 'a3', 'THREE', 'a4'];
    for (const order of ['asc', 'desc'] as const) {
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page: { data: PlacedMessageView[]; next_cursor: string | null } = await chat.sessions.messages(
          somebody,
          id,
          { limit: 2, order, ...(cursor !== null && { cursor }) },
        );
        seen.push(...page.data.map(({ content }) => content));
        cursor = page.next_cursor;
      } while (cursor !== null);
      expect(seen).toEqual(order === 'asc' ? line : line.toReversed());
    }
  });

  test('nothing turns while a run answers', async () => {
    const holding = gate();
    const model = scriptedModel((_request, call) => (call === 2 ? [{ gate: holding }, 'late'] : [`a${call}`]));
    const chat = await chatWith(model);
    const id = await talk(chat, 'one', 'two');
    const first = await at(chat, id, 1);
    const run = await chat.runs.create(somebody, id, { input: 'three' });
    await holding.reached;
    const active = { options: { extensions: { run_id: run.id } } };
    await expect(chat.runs.regenerate(somebody, id, first.id, {})).rejects.toMatchObject(active);
    await expect(chat.runs.edit(somebody, id, first.parent_id ?? '', { input: 'x' })).rejects.toMatchObject(active);
    const turn = chat.sessions.update(somebody, id, { current_message_id: first.id });
    await expect(turn).rejects.toMatchObject(active);
    holding.open();
    await ended(chat, run);
    expect(await contents(chat, id)).toEqual(['one', 'a0', 'two', 'a1', 'three', 'late']);
  });

  test('a message that is deleted cuts no branch in two', async () => {
    const model = numbered();
    const chat = await chatWith(model);
    const id = await talk(chat, 'one', 'two', 'three');
    const line = await messages(chat, id);
    await ended(chat, await chat.runs.edit(somebody, id, line[4]?.id ?? '', { input: 'THREE' }));
    // What both branches go through, and then a whole run.
    await chat.sessions.removeMessage(somebody, id, line[3]?.id ?? '');
    await chat.runs.remove(somebody, line[0]?.run_id ?? '');
    expect(await contents(chat, id)).toEqual(['two', 'THREE', 'a3']);
    await chat.sessions.update(somebody, id, { current_message_id: line[4]?.id ?? '' });
    expect(await contents(chat, id)).toEqual(['two', 'three', 'a2']);
    await ended(chat, await chat.runs.create(somebody, id, { input: 'four' }));
    expect(said(model)).toEqual(['two', 'three', 'a2', 'four']);
  });

  test('a run goes on from an answer of another branch in a copy of that branch', async () => {
    const model = numbered();
    const chat = await chatWith(model);
    const id = await talk(chat, 'one', 'two');
    const left = await at(chat, id, 3);
    await ended(chat, await chat.runs.edit(somebody, id, (await at(chat, id, 2)).id, { input: 'TWO' }));
    const run = await chat.runs.continueFrom(somebody, left.run_id ?? '', {}, { input: 'three' });
    await ended(chat, run);
    expect(run.session_id).not.toBe(id);
    expect(said(model)).toEqual(['one', 'a0', 'two', 'a1', 'three']);
    const current = await at(chat, id, 3);
    const here = await chat.runs.continueFrom(somebody, current.run_id ?? '', {}, { input: 'three' });
    expect((await ended(chat, here)).session_id).toBe(id);
  });

  test('files and quotes of a question stay with it, and an answer is no question', async () => {
    const model = numbered();
    const chat = await chatWith(model);
    const { id } = await chat.sessions.create(somebody, {});
    const parts = [
      { type: 'quote' as const, text: 'A clause.' },
      { type: 'text' as const, text: 'Explain' },
    ];
    await ended(chat, await chat.runs.create(somebody, id, { input: parts }));
    const [question, answer] = (await messages(chat, id)) as [PlacedMessageView, PlacedMessageView];
    await ended(chat, await chat.runs.edit(somebody, id, question.id, { input: 'Explain in French' }));
    expect(said(model)).toEqual(['About this: "A clause."\n\nExplain in French']);
    const edit = chat.runs.edit(somebody, id, answer.id, { input: 'x' });
    await expect(edit).rejects.toThrow('Only a message of the user');
    const lost = '01990000-0000-7000-8000-00000000dead';
    await expect(chat.runs.regenerate(somebody, id, lost, {})).rejects.toThrow('no message');
    await expect(chat.sessions.update(somebody, id, { current_message_id: lost })).rejects.toThrow('no message');
  });

  test('another user is refused, a neighbour finds nothing, and nothing turns', async () => {
    const chat = await chatWith(numbered());
    const id = await talk(chat, 'mine');
    const question = await at(chat, id, 0);
    const tries: readonly ((who: Principal) => Promise<unknown>)[] = [
      (who) => chat.runs.regenerate(who, id, question.id, {}),
      (who) => chat.runs.edit(who, id, question.id, { input: 'x' }),
      (who) => chat.sessions.update(who, id, { current_message_id: question.id }),
    ];
    const neighbour = principalIn(await makeTenant(db.database, 'Neighbour'));
    const own = await chat.sessions.create(somebody, {});
    for (const attempt of tries) {
      await expect(attempt(principalIn(tenant))).rejects.toThrow('belongs to another user');
      await expect(attempt(neighbour)).rejects.toThrow('no session');
    }
    // One's own message, but of another session.
    await expect(chat.runs.regenerate(somebody, own.id, question.id, {})).rejects.toThrow('no message');
    expect(await contents(chat, id)).toEqual(['mine', 'a0']);
  });

  test('whatever is asked, answered anew, turned to and deleted: a session shows one branch, and loses none', async () => {
    const chat = await chatWith(numbered());
    type Known = { id: string; line: readonly PlacedMessageView[]; all: Set<string>; pick: number };
    const one = ({ line, pick }: Known) => line[pick % Math.max(1, line.length)];
    const any = ({ all, pick }: Known) => [...all][pick % all.size] ?? '';
    const steps = {
      ask: ({ id }: Known) => chat.runs.create(somebody, id, { input: 'q' }),
      // An answer whose question was deleted has none.
      answer: (known: Known) => chat.runs.regenerate(somebody, known.id, one(known)?.id ?? '', {}).catch(() => null),
      edit: (known: Known) =>
        chat.runs.edit(somebody, known.id, one(known)?.id ?? '', { input: 'q' }).catch(() => null),
      turn: async (known: Known) => {
        if (known.all.size > 0) await chat.sessions.update(somebody, known.id, { current_message_id: any(known) });
      },
      delete: async (known: Known) => {
        if (known.all.size > 0) await chat.sessions.removeMessage(somebody, known.id, any(known));
        known.all.delete(any(known));
      },
    };
    const check = async ({ id, all }: Known) => {
      const shown = await messages(chat, id);
      for (const message of shown) all.add(message.id);
      const parents = [null, ...shown.map((message) => message.id)].slice(0, shown.length);
      expect(shown.map(({ parent_id }) => parent_id)).toEqual(parents);
      expect(shown.every((message) => message.siblings.includes(message.id))).toBe(true);
      for (const known of all) await chat.sessions.message(somebody, id, known);
      return shown;
    };
    const names = constantFrom<keyof typeof steps>('ask', 'answer', 'edit', 'turn', 'delete');
    await assert(
      asyncProperty(array(tuple(names, integer({ min: 0, max: 9 })), { minLength: 4, maxLength: 9 }), async (plan) => {
        const known: Known = { id: await talk(chat, 'q'), line: [], all: new Set(), pick: 0 };
        for (const [name, pick] of plan) {
          Object.assign(known, { line: await check(known), pick });
          const run = await steps[name](known);
          if (run) await ended(chat, run);
        }
        await check(known);
      }),
      { numRuns: 8, seed: 20, endOnFailure: true },
    );
  }, 240_000);

  test('sessions of before are one line, and what an older program still writes is taken into it', async () => {
    const chat = await chatWith(numbered());
    const id = await talk(chat, 'one', 'two');
    const before = await messages(chat, id);
    const migration = (await loadOwnMigrations()).find(({ id: name }) => name.includes('branches'));
    await inTenant(db.database, tenant, async (trx) => {
      for (const statement of [...(migration?.down ?? []), ...(migration?.up ?? [])])
        await sql.raw(statement).execute(trx);
    });
    expect(await messages(chat, id)).toEqual(before);
    await inTenant(db.database, tenant, (trx) =>
      sql`UPDATE message SET parent_id = NULL WHERE session_id = ${id}::uuid`.execute(trx),
    );
    await ended(chat, await chat.runs.regenerate(somebody, id, before[3]?.id ?? '', {}));
    expect(await contents(chat, id)).toEqual(['one', 'a0', 'two', 'a2']);
    await chat.sessions.update(somebody, id, { current_message_id: before[3]?.id ?? '' });
    expect(await contents(chat, id)).toEqual(['one', 'a0', 'two', 'a1']);
  });
});
