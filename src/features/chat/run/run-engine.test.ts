import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { forgettingOn } from '../../../../test/support/forgetting.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';
import { unmetered } from '../../../../test/support/unmetered.ts';
import { type ChatModel, ModelError } from '../../../ai/chat-model.ts';
import { gate, scriptedModel } from '../../../ai/fakes.ts';
import { systemClock } from '../../../platform/clock.ts';
import type { Database } from '../../../platform/database/database.ts';
import { createMetrics } from '../../../platform/telemetry/metrics.ts';
import type { Principal } from '../../identity/index.ts';
import { inTenant, type Tenant } from '../../tenancy/index.ts';
import { type Chat, createChat } from '../chat.ts';
import type { RetrieveFor } from './answering.ts';
import type { LoggedEvent } from './event.ts';
import type { LeaseTimes } from './worker-lease.ts';

const QUICK: LeaseTimes = { lease: 400, heartbeat: 100, sweep: 50, writeRetry: 200 };
/** A lease that its holder never renews: as good as a dead process. */
const NEVER_RENEWED: LeaseTimes = { lease: 50, heartbeat: 60_000, sweep: 60_000, writeRetry: 200 };

const searchesNothing: RetrieveFor = () => async (query) => ({
  query,
  route: 'off',
  strategy: 'none',
  hits: [],
  passages: null,
});

/** A database that can be cut off, as by a network that breaks. */
function interruptible(database: Database) {
  let away = false;
  let refusals = 0;
  const unlessAway = <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) => {
    return async (...args: Args): Promise<Result> => {
      if (!away) return call(...args);
      refusals += 1;
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    };
  };
  const { scoped, scopedQueries } = database;
  return {
    database: { ...database, scoped: unlessAway(scoped), scopedQueries: unlessAway(scopedQueries) } as Database,
    begin: () => {
      away = true;
    },
    end: () => {
      away = false;
    },
    refused: (count: number) => expect.poll(() => refusals).toBeGreaterThanOrEqual(count),
  };
}

describe.each(testDatabases())('runs on the $kind database', ({ open, kind }) => {
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

  async function chatWith(
    model: ChatModel,
    leaseTimes: LeaseTimes = QUICK,
    database = db.database,
    more: { isServed?: () => Promise<boolean> } = {},
  ): Promise<Chat> {
    const forgetting = forgettingOn(database, { enqueue: async () => undefined }, () => [chat.forgetter]);
    const chat: Chat = createChat({
      forgetting,
      database,
      log: pino({ level: 'silent' }),
      metrics: createMetrics(),
      clock: systemClock,
      models: { resolve: () => model, list: () => [], embedder: null },
      meter: unmetered,
      ...more,
      retrieve: searchesNothing,
      queue: { enqueue: async () => undefined },
      leaseTimes,
    });
    started.push(chat);
    await chat.engine.start();
    return chat;
  }

  const newSession = (chat: Chat, principal = somebody) => chat.sessions.create(principal, {});

  async function readAll(chat: Chat, runId: string, after = 0): Promise<LoggedEvent[]> {
    const events: LoggedEvent[] = [];
    const signal = new AbortController().signal;
    for await (const lines of await chat.runs.follow(somebody, runId, after, signal)) {
      events.push(...lines.map(({ json }) => JSON.parse(json) as LoggedEvent));
    }
    return events;
  }
  /** Waits until a client has seen this text of a run that goes on. */
  async function seen(chat: Chat, runId: string, text: string): Promise<void> {
    const leave = new AbortController();
    let got = '';
    for await (const lines of await chat.runs.follow(somebody, runId, 0, leave.signal)) {
      got += said(lines.map(({ json }) => JSON.parse(json) as LoggedEvent));
      if (got === text) return leave.abort();
    }
  }
  const types = (events: readonly LoggedEvent[]) => events.map(({ type }) => type);
  const said = (events: readonly LoggedEvent[]) =>
    events.map((event) => (event.type === 'text-delta' ? event.delta : '')).join('');
  const endOf = (events: readonly LoggedEvent[]) => events.find((event) => event.type === 'run-end');
  const expectDense = (events: readonly LoggedEvent[], from = 1) =>
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => from + index));

  test('an answer is streamed in order, ends once, and is kept as a message', async () => {
    const chat = await chatWith(scriptedModel(['Hel', 'lo', '!']));
    const session = await newSession(chat);
    const run = await chat.runs.create(somebody, session.id, { input: 'Say hello' });
    const events = await readAll(chat, run.id);

    expectDense(events);
    expect(said(events)).toBe('Hello!');
    expect(types(events)[0]).toBe('run-start');
    expect(types(events).filter((type) => type === 'run-end')).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ type: 'run-end', status: 'completed', message: { content: 'Hello!' } });
    const { data } = await chat.sessions.messages(somebody, session.id, {});
    expect(data.map(({ role, content, status }) => [role, content, status])).toEqual([
      ['user', 'Say hello', 'complete'],
      ['assistant', 'Hello!', 'complete'],
    ]);
    expect(await chat.runs.get(somebody, run.id)).toMatchObject({
      status: 'completed',
      last_seq: events.length,
      usage: { input_tokens: 10, output_tokens: 3 },
    });
  });

  test('the same events come from every place on, live and afterwards', async () => {
    const wait = gate();
    const chat = await chatWith(scriptedModel(['a', 'b', { gate: wait }, 'c']));
    const session = await newSession(chat);
    const run = await chat.runs.create(somebody, session.id, { input: 'x' });
    await wait.reached;
    const live = readAll(chat, run.id, 2);
    wait.open();
    const all = await readAll(chat, run.id);
    expect(await live).toEqual(all.slice(2));
    expect(await readAll(chat, run.id, all.length)).toEqual([]);
    expect(await readAll(chat, run.id, 4)).toEqual(all.slice(4));
  });

  test('nobody listening does not stop a run', async () => {
    const wait = gate();
    const chat = await chatWith(scriptedModel(['a', { gate: wait }, 'b']));
    const session = await newSession(chat);
    const run = await chat.runs.create(somebody, session.id, { input: 'x' });
    const leave = new AbortController();
    const seen = await chat.runs.follow(somebody, run.id, 0, leave.signal);
    await seen.next();
    leave.abort();
    wait.open();
    expect(said(await readAll(chat, run.id))).toBe('ab');
  });

  test('cancelling stops the model, keeps what was said, and frees the session', async () => {
    const wait = gate();
    const model = scriptedModel((_request, call) => (call === 0 ? ['kept', { gate: wait }, 'never'] : ['next']));
    const chat = await chatWith(model);
    const session = await newSession(chat);
    const run = await chat.runs.create(somebody, session.id, { input: 'x' });
    await wait.reached;
    await chat.runs.cancel(somebody, run.id);
    const events = await readAll(chat, run.id);
    expect(endOf(events)).toMatchObject({ status: 'cancelled', message: { content: 'kept', status: 'incomplete' } });
    expect(model.abandoned).toBe(1);
    const next = await chat.runs.create(somebody, session.id, { input: 'y' });
    expect(said(await readAll(chat, next.id))).toBe('next');
  });

  test('a second run of a session is refused with the id of the first', async () => {
    const wait = gate();
    const chat = await chatWith(scriptedModel([{ gate: wait }, 'done']));
    const session = await newSession(chat);
    const run = await chat.runs.create(somebody, session.id, { input: 'x' });
    await expect(chat.runs.create(somebody, session.id, { input: 'y' })).rejects.toMatchObject({
      definition: { code: 'ERR_CHAT_005' },
      options: { extensions: { run_id: run.id } },
    });
    wait.open();
    await readAll(chat, run.id);
    expect((await chat.sessions.messages(somebody, session.id, {})).data).toHaveLength(2);
  });

  test('a failing model ends the run as failed, without its own words', async () => {
    const fail = new ModelError('unavailable', 'secret upstream text');
    const chat = await chatWith(scriptedModel(['part', { fail }]));
    const session = await newSession(chat);
    const run = await chat.runs.create(somebody, session.id, { input: 'x' });
    const end = endOf(await readAll(chat, run.id));
    expect(end).toMatchObject({ status: 'failed', error: { code: 'ERR_RUN_001' }, message: { status: 'incomplete' } });
    expect(JSON.stringify(end)).not.toContain('secret');
  });

  test('when its worker dies, another takes the run over: what was seen stays, and the model goes on', async () => {
    const stuck = gate();
    const dead = await chatWith(scriptedModel(['first half', { gate: stuck }]), NEVER_RENEWED);
    const session = await newSession(dead);
    const run = await dead.runs.create(somebody, session.id, { input: 'x' });
    await stuck.reached;
    await seen(dead, run.id, 'first half');
    const model = scriptedModel([', second half']);
    const heir = await chatWith(model);
    const events = await readAll(heir, run.id);

    expectDense(events);
    expect(types(events)).not.toContain('text-reset');
    expect(model.requests[0]?.partialAnswer).toBe('first half');
    expect(endOf(events)).toMatchObject({ status: 'completed', message: { content: 'first half, second half' } });
    expect(await heir.runs.get(somebody, run.id)).toMatchObject({ attempt: 2, status: 'completed' });
    // The old worker wakes up and finds that it may write nothing more.
    stuck.open();
    await dead.engine.stop(1000);
    expect(await readAll(heir, run.id)).toEqual(events);
  });

  test('a model that cannot go on says it all again, and clients are told to drop the part', async () => {
    const stuck = gate();
    const dead = await chatWith(scriptedModel(['lost half', { gate: stuck }]), NEVER_RENEWED);
    const session = await newSession(dead);
    const run = await dead.runs.create(somebody, session.id, { input: 'x' });
    await stuck.reached;
    await seen(dead, run.id, 'lost half');
    const fail = new ModelError('cannot-continue', 'no');
    const heir = await chatWith(scriptedModel(({ partialAnswer }) => (partialAnswer ? [{ fail }] : ['whole answer'])));
    const events = await readAll(heir, run.id);
    expectDense(events);
    expect(types(events)).toContain('text-reset');
    expect(endOf(events)).toMatchObject({ status: 'completed', message: { content: 'whole answer' } });
  });

  test('a run that was cancelled before its worker died ends as cancelled', async () => {
    const stuck = gate();
    const dead = await chatWith(scriptedModel(['half', { gate: stuck }]), NEVER_RENEWED);
    const session = await newSession(dead);
    const run = await dead.runs.create(somebody, session.id, { input: 'x' });
    await stuck.reached;
    await seen(dead, run.id, 'half');
    await inTenant(db.database, tenant, (trx) =>
      trx.updateTable('run').set({ cancel_requested_at: new Date() }).where('id', '=', run.id).execute(),
    );
    const heir = await chatWith(scriptedModel(['never']));
    expect(endOf(await readAll(heir, run.id))).toMatchObject({ status: 'cancelled', message: { content: 'half' } });
  });

  test('a lost run of a tenant that is not served any more is not gone on with', async () => {
    const stuck = gate();
    const dead = await chatWith(scriptedModel(['half', { gate: stuck }]), NEVER_RENEWED);
    const session = await newSession(dead);
    const run = await dead.runs.create(somebody, session.id, { input: 'x' });
    await stuck.reached;
    await seen(dead, run.id, 'half');
    const model = scriptedModel(['never']);
    const heir = await chatWith(model, QUICK, db.database, { isServed: async () => false });
    expect(endOf(await readAll(heir, run.id))).toMatchObject({ status: 'cancelled', message: { content: 'half' } });
    expect(model.requests).toEqual([]);
  });

  test('a stopping process hands its runs over at once', async () => {
    const stuck = gate();
    const leaving = await chatWith(scriptedModel(['half', { gate: stuck }]));
    const session = await newSession(leaving);
    const run = await leaving.runs.create(somebody, session.id, { input: 'x' });
    await stuck.reached;
    await seen(leaving, run.id, 'half');
    await leaving.engine.stop(0);
    const heir = await chatWith(scriptedModel([' and half']));
    expect(endOf(await readAll(heir, run.id))).toMatchObject({ message: { content: 'half and half' } });
  });

  test.skipIf(kind === 'embedded')('a client follows, and cancels, a run of another process', async () => {
    const wait = gate();
    const [one, other] = [await chatWith(scriptedModel(['a', { gate: wait }, 'b'])), await chatWith(scriptedModel([]))];
    const session = await newSession(one);
    const run = await one.runs.create(somebody, session.id, { input: 'x' });
    await wait.reached;
    const following = readAll(other, run.id);
    await other.runs.cancel(somebody, run.id);
    expect(endOf(await following)).toMatchObject({ status: 'cancelled', message: { content: 'a' } });
  });

  test('a database that stays away longer than events are held delays an answer, and leaves no session busy', async () => {
    const wait = gate();
    const model = scriptedModel((_request, call) => (call === 0 ? ['half', { gate: wait }, ' lost'] : [' whole']));
    const outage = interruptible(db.database);
    const chat = await chatWith(model, QUICK, outage.database);
    const session = await newSession(chat);
    const run = await chat.runs.create(somebody, session.id, { input: 'x' });
    await seen(chat, run.id, 'half');
    outage.begin();
    wait.open();
    await outage.refused(3);
    await expect.poll(() => chat.engine.activeRunCount).toBe(0);
    outage.end();
    await expect.poll(async () => (await chat.runs.get(somebody, run.id)).status).toBe('completed');
    const events = await readAll(chat, run.id);
    expectDense(events);
    expect(endOf(events)).toMatchObject({ status: 'completed', message: { content: 'half whole' } });
  });

  test('a run whose worker left no trace is taken up by whoever asks in its session', async () => {
    const stuck = gate();
    const gone = await chatWith(scriptedModel(['half', { gate: stuck }]), NEVER_RENEWED);
    const session = await newSession(gone);
    const run = await gone.runs.create(somebody, session.id, { input: 'x' });
    await seen(gone, run.id, 'half');
    await db.database.db.deleteFrom('platform.worker').execute();
    const chat = await chatWith(scriptedModel([' and half']));
    await expect(chat.runs.create(somebody, session.id, { input: 'y' })).rejects.toMatchObject({
      options: { extensions: { run_id: run.id } },
    });
    expect(endOf(await readAll(chat, run.id))).toMatchObject({ message: { content: 'half and half' } });
  });

  test('deleting a session in mid-answer leaves nothing of it', async () => {
    const wait = gate();
    const chat = await chatWith(scriptedModel(['a', { gate: wait }]));
    const session = await newSession(chat);
    const run = await chat.runs.create(somebody, session.id, { input: 'x' });
    await wait.reached;
    await chat.sessions.remove(somebody, session.id);
    await expect(chat.runs.get(somebody, run.id)).rejects.toMatchObject({ definition: { code: 'ERR_CHAT_003' } });
    expect(chat.engine.activeRunCount).toBe(0);
  });

  test('another user of the tenant is refused, a neighbour finds nothing', async () => {
    const chat = await chatWith(scriptedModel(['a']));
    const session = await newSession(chat);
    const run = await chat.runs.create(somebody, session.id, { input: 'x' });
    await readAll(chat, run.id);
    const colleague = principalIn(tenant);
    const neighbour = principalIn(await makeTenant(db.database, 'Globex'));
    const calls: readonly ((principal: Principal) => Promise<unknown>)[] = [
      (principal) => chat.sessions.get(principal, session.id),
      (principal) => chat.sessions.update(principal, session.id, { title: 'mine' }),
      (principal) => chat.sessions.remove(principal, session.id),
      (principal) => chat.sessions.messages(principal, session.id, {}),
      (principal) => chat.runs.create(principal, session.id, { input: 'y' }),
      (principal) => chat.runs.get(principal, run.id),
      (principal) => chat.runs.cancel(principal, run.id),
      (principal) => chat.runs.follow(principal, run.id, 0, new AbortController().signal),
    ];
    for (const call of calls) {
      await expect(call(colleague)).rejects.toMatchObject({ definition: { kind: 'forbidden' } });
      await expect(call(neighbour)).rejects.toMatchObject({ definition: { kind: 'not-found' } });
    }
    expect((await chat.sessions.list(colleague, {})).data).toEqual([]);
  });

  test('many runs at once share commits, and each log stays dense', async () => {
    const chat = await chatWith(scriptedModel(Array.from({ length: 50 }, (_, index) => `${index} `)));
    const runs = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const session = await newSession(chat);
        return chat.runs.create(somebody, session.id, { input: 'x' });
      }),
    );
    for (const run of runs) {
      const events = await readAll(chat, run.id);
      expectDense(events);
      expect(said(events).split(' ')).toHaveLength(51);
    }
  });
});
