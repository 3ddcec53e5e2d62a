import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { forgettingOn } from '../../../../test/support/forgetting.ts';
import { movableClock } from '../../../../test/support/identity.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';
import { unmetered } from '../../../../test/support/unmetered.ts';
import { type ScriptedModel, scriptedModel } from '../../../ai/fakes.ts';
import type { JobDefinition } from '../../../platform/queue/queue.ts';
import { createMetrics } from '../../../platform/telemetry/metrics.ts';
import type { Principal } from '../../identity/index.ts';
import { inTenant, type Tenant } from '../../tenancy/index.ts';
import { type Chat, createChat } from '../chat.ts';
import type { DeleteExpiredPayload } from '../expired-sessions.ts';
import type { GivenMessage } from './run-to-save.ts';

const HOUR_MS = 3_600_000;

describe.each(testDatabases())('runs in sessions of their own on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let tenant: Tenant;
  let somebody: Principal;
  const clock = movableClock();
  const started: Chat[] = [];
  let planned: { tenant: Tenant; startAfter: number | undefined }[] = [];

  beforeAll(async () => {
    db = await open();
    tenant = await makeTenant(db.database);
    somebody = principalIn(tenant);
  });
  afterEach(async () => {
    planned = [];
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
      clock,
      meter: unmetered,
      models: { resolve: () => model, list: () => [], embedder: null },
      retrieve: () => async (query) => ({ query, route: 'off', strategy: 'none', hits: [], passages: null }),
      queue: {
        enqueue: async (_trx, _job, payload, options) => {
          planned.push({ ...(payload as unknown as DeleteExpiredPayload), startAfter: options?.startAfter });
        },
      },
    });
    started.push(chat);
    await chat.engine.start();
    return chat;
  }

  async function ended(chat: Chat, runId: string, principal = somebody): Promise<void> {
    for await (const _ of await chat.runs.follow(principal, runId, 0, new AbortController().signal));
  }

  const text = (value: string) => [{ type: 'text' as const, text: value }];
  const given = (role: 'user' | 'assistant', value: string): GivenMessage => ({ role, parts: text(value) });
  const said = (model: ScriptedModel) => model.requests.at(-1)?.messages.map(({ content }) => content);
  const contents = async (chat: Chat, sessionId: string, principal = somebody) =>
    (await chat.sessions.messages(principal, sessionId, { limit: 100 })).data.map(({ content }) => content);

  test('what was said before comes first, in its order, and can be read back', async () => {
    const model = scriptedModel(['Third']);
    const chat = await chatWith(model);
    const earlier = [given('user', 'First'), given('assistant', 'Second')];
    const run = await chat.runs.createInNewSession(somebody, { metadata: { a: 1 } }, { input: 'And?', earlier });
    await ended(chat, run.id);
    expect(said(model)).toEqual(['First', 'Second', 'And?']);
    expect(await contents(chat, run.session_id)).toEqual(['First', 'Second', 'And?', 'Third']);
    expect((await chat.runs.inputs(somebody, run.id)).map(({ content }) => content)).toEqual([
      'First',
      'Second',
      'And?',
    ]);
    expect(await chat.sessions.get(somebody, run.session_id)).toMatchObject({ metadata: { a: 1 }, title: 'And?' });
  });

  test('a history that the client gives reaches the model whole, beyond what a session would send', async () => {
    const model = scriptedModel(['ok']);
    const chat = await chatWith(model);
    const earlier = Array.from({ length: 80 }, (_, index) =>
      given(index % 2 ? 'assistant' : 'user', `${index} ${'x'.repeat(1000)}`),
    );
    const run = await chat.runs.createInNewSession(somebody, {}, { input: 'End', earlier, whole_history: true });
    await ended(chat, run.id);
    expect(said(model)).toHaveLength(81);
    const cutIn = async (id: string) =>
      (await chat.runs.log(somebody, id)).filter(({ type }) => type === 'history-cut');
    expect(await cutIn(run.id)).toEqual([]);
    const cut = await chat.runs.createInNewSession(somebody, {}, { input: 'End', earlier });
    await ended(chat, cut.id);
    expect(said(model)).toHaveLength(31);
    const oldest = (await chat.sessions.messages(somebody, cut.session_id, { limit: 100 })).data.at(-32);
    expect(oldest?.content.startsWith('50 ')).toBe(true);
    expect(await cutIn(cut.id)).toMatchObject([{ first_message_id: oldest?.id }]);
  });

  test('where a model stops reaches it', async () => {
    const model = scriptedModel(['ok']);
    const chat = await chatWith(model);
    const run = await chat.runs.createInNewSession(somebody, {}, { input: 'Count', stop: ['3'] });
    await ended(chat, run.id);
    expect(model.requests[0]?.stop).toEqual(['3']);
  });

  test('a run goes on from the last answer in the same session, and from an earlier one in a copy', async () => {
    const model = scriptedModel((_request, call) => [`answer ${call}`]);
    const chat = await chatWith(model);
    const first = await chat.runs.createInNewSession(somebody, {}, { input: 'one' });
    await ended(chat, first.id);
    const second = await chat.runs.continueFrom(somebody, first.id, {}, { input: 'two' });
    await ended(chat, second.id);
    expect(second.session_id).toBe(first.session_id);
    const branch = await chat.runs.continueFrom(somebody, first.id, {}, { input: 'other two' });
    await ended(chat, branch.id);
    expect(branch.session_id).not.toBe(first.session_id);
    expect(said(model)).toEqual(['one', 'answer 0', 'other two']);
    expect(await contents(chat, first.session_id)).toEqual(['one', 'answer 0', 'two', 'answer 1']);
    const hidden = await chat.runs.continueFrom(somebody, second.id, { temporary: true }, { input: 'three' });
    await ended(chat, hidden.id);
    expect(hidden.session_id).not.toBe(first.session_id);
    expect(said(model)).toEqual(['one', 'answer 0', 'two', 'answer 1', 'three']);
  });

  test('a temporary session is in no list and is deleted a day later, and no other is', async () => {
    const chat = await chatWith(scriptedModel(['ok']));
    const person = principalIn(tenant);
    const kept = await chat.runs.createInNewSession(person, {}, { input: 'Keep' });
    const temporary = await chat.runs.createInNewSession(person, { temporary: true }, { input: 'Drop' });
    await chat.runs.createInNewSession(person, { temporary: true }, { input: 'Drop, too' });
    await ended(chat, kept.id, person);
    await ended(chat, temporary.id, person);
    expect((await chat.sessions.list(person, {})).data.map(({ id }) => id)).toEqual([kept.session_id]);
    expect(planned).toEqual([{ tenant, startAfter: 25 * 3600 + 60 }]);

    const job = chat.jobs[0] as unknown as JobDefinition<DeleteExpiredPayload>;
    const work = () => job.handle({ tenant }, { jobId: 'x', signal: new AbortController().signal });
    await work();
    expect((await chat.runs.get(person, temporary.id)).status).toBe('completed');
    clock.advance(24 * HOUR_MS + 1);
    await work();
    await expect(chat.runs.get(person, temporary.id)).rejects.toThrow('no run');
    expect((await chat.runs.get(person, kept.id)).status).toBe('completed');
    const left = await inTenant(db.database, tenant, (trx) =>
      sql<{ count: number }>`SELECT count(*) AS count FROM session WHERE expires_at IS NOT NULL`.execute(trx),
    );
    expect(left.rows).toEqual([{ count: 0 }]);
  });

  test('a run is deleted with its messages, and with its session when it was alone there', async () => {
    const chat = await chatWith(scriptedModel(['ok']));
    const first = await chat.runs.createInNewSession(somebody, {}, { input: 'one' });
    await ended(chat, first.id);
    const second = await chat.runs.continueFrom(somebody, first.id, {}, { input: 'two' });
    await ended(chat, second.id);
    await chat.runs.remove(somebody, first.id);
    expect(await contents(chat, first.session_id)).toEqual(['two', 'ok']);
    await chat.runs.remove(somebody, second.id);
    await expect(chat.sessions.get(somebody, first.session_id)).rejects.toThrow('no session');
  });

  test('another user is refused, a neighbour finds nothing', async () => {
    const chat = await chatWith(scriptedModel(['ok']));
    const run = await chat.runs.createInNewSession(somebody, {}, { input: 'mine' });
    await ended(chat, run.id);
    const colleague = principalIn(tenant);
    const neighbour = principalIn(await makeTenant(db.database, 'Neighbour'));
    const tries: readonly ((who: Principal) => Promise<unknown>)[] = [
      (who) => chat.runs.detail(who, run.id),
      (who) => chat.runs.inputs(who, run.id),
      (who) => chat.runs.remove(who, run.id),
      (who) => chat.runs.continueFrom(who, run.id, {}, { input: 'x' }),
    ];
    for (const attempt of tries) {
      await expect(attempt(colleague)).rejects.toThrow('belongs to another user');
      await expect(attempt(neighbour)).rejects.toThrow('no run');
    }
    expect(await contents(chat, run.session_id)).toEqual(['mine', 'ok']);
  });
});
