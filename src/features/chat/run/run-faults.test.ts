import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { asClient } from '../../../../test/support/postgres/cluster.ts';
import { DictatedAnswer, dictatedModel } from '../../../../test/support/runs/dictated-answers.ts';
import { startRunWorker } from '../../../../test/support/runs/run-worker.ts';
import { saidIn } from '../../../../test/support/runs/run-world.ts';
import { severable } from '../../../../test/support/runs/severable-database.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';
import { gate, scriptedModel } from '../../../ai/fakes.ts';
import type { Database } from '../../../platform/database/database.ts';
import { openServerDatabase } from '../../../platform/database/server-database.ts';
import { newId } from '../../../platform/id.ts';
import type { Principal } from '../../identity/index.ts';
import { inTenant } from '../../tenancy/index.ts';
import type { Chat } from '../chat.ts';
import type { LoggedEvent } from './event.ts';
import type { RunRow } from './run.store.ts';

/** Long enough for any takeover on a busy machine, ms. */
const SOON = { timeout: 60_000, interval: 20 };
const HOUR = '1 hour';

describe.each(testDatabases())('faults around runs, on the $kind database', ({ open, kind }) => {
  let db: TestDatabase;
  let somebody: Principal;

  beforeAll(async () => {
    db = await open();
    somebody = principalIn(await makeTenant(db.database));
  });
  afterAll(() => db.close());

  const ask = async (chat: Chat, input = 'q') =>
    chat.runs.create(somebody, (await chat.sessions.create(somebody, {})).id, { input });

  async function read(chat: Chat, runId: string, after = 0): Promise<LoggedEvent[]> {
    const events: LoggedEvent[] = [];
    for await (const lines of await chat.runs.follow(somebody, runId, after, new AbortController().signal)) {
      events.push(...lines.map(({ json }) => JSON.parse(json) as LoggedEvent));
    }
    return events;
  }

  const durable = (chat: Chat, runId: string, events: number) =>
    expect.poll(async () => (await chat.runs.get(somebody, runId)).last_seq, SOON).toBeGreaterThanOrEqual(events);

  test('what no database text can hold becomes a mark, and harms no run that shares the commit', async () => {
    const model = scriptedModel(({ messages }) =>
      messages.at(-1)?.content.startsWith('odd') ? ['nul \0', ' half \ud83d', ' \\u0000 as text'] : ['fine'],
    );
    const chat = await startRunWorker(db.database, model);
    const runs = await Promise.all(['odd', 'even', 'odd \ud83d\0', 'even'].map((input) => ask(chat, input)));
    const said = await Promise.all(runs.map(async ({ id }) => saidIn(await read(chat, id))));
    const odd = 'nul \ufffd half \ufffd \\u0000 as text';
    expect(said).toEqual([odd, 'fine', odd, 'fine']);
    await chat.engine.stop(0);
  });

  test('of many who ask at once in one session, each is answered or told of another answer', async () => {
    const chat = await startRunWorker(db.database, scriptedModel(['at once']));
    const { id } = await chat.sessions.create(somebody, {});
    for (let round = 0; round < 5; round += 1) {
      const asked = Array.from({ length: 40 }, () => chat.runs.create(somebody, id, { input: 'q' }));
      const refused = (await Promise.allSettled(asked)).filter((one) => one.status === 'rejected');
      const reasons = refused.map(({ reason }: PromiseRejectedResult) => reason.definition?.code ?? String(reason));
      expect(new Set(reasons)).toEqual(new Set(reasons.length === 0 ? [] : ['ERR_CHAT_005']));
    }
    await expect.poll(() => chat.engine.activeRunCount, SOON).toBe(0);
    await chat.engine.stop(0);
  });

  test('a run whose client answers its tools often is not taken for one that loses its workers', async () => {
    const answer = new DictatedAnswer('many');
    const chat = await startRunWorker(db.database, dictatedModel(new Map([['many', answer]])));
    const session = await chat.sessions.create(somebody, {});
    const tools = [{ type: 'function', name: 'look' } as const];
    const run = await chat.runs.create(somebody, session.id, { input: 'many', tools });
    for (let call = 0; call < 7; call += 1) {
      answer.say();
      answer.call('look');
      const waiting = async () => (await chat.runs.get(somebody, run.id)).waiting_for?.tool_calls.at(0) ?? null;
      await expect.poll(waiting, SOON).not.toBeNull();
      const { id } = (await waiting()) as { id: string };
      await chat.runs.submitToolOutputs(somebody, run.id, [{ tool_call_id: id, output: 'seen' }]);
    }
    answer.say();
    answer.stop();
    expect((await read(chat, run.id)).at(-1)).toMatchObject({ type: 'run-end', status: 'completed' });
    await chat.engine.stop(0);
  });

  test.skipIf(kind === 'embedded')(
    'a session that is deleted while its answer is being written waits for that',
    async () => {
      const chat = await startRunWorker(db.database, scriptedModel([{ gate: gate() }]));
      const run = await ask(chat);
      await durable(chat, run.id, 1);
      const written = Promise.withResolvers<void>();
      const waiting = async () => {
        const sql = `SELECT count(*)::int AS waiting FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`;
        return (await db.database.execute(sql)).rows[0]?.waiting as number;
      };
      // As the log's last write does it: the run, and then its session.
      const writing = inTenant(db.database, somebody.tenant, async (trx) => {
        await trx.updateTable('run').set({ error: null }).where('id', '=', run.id).execute();
        written.resolve();
        await expect.poll(waiting, SOON).toBeGreaterThan(0);
        await trx.selectFrom('session').select('id').where('id', '=', run.session_id).forKeyShare().execute();
      });
      await written.promise;
      await Promise.all([writing, chat.sessions.remove(somebody, run.session_id)]);
      expect(chat.engine.activeRunCount).toBe(0);
      await chat.engine.stop(0);
    },
  );

  test('a run of a tenant that is gone does not hold up what else is to be taken up', async () => {
    const answer = new DictatedAnswer('q');
    const model = dictatedModel(new Map([['q', answer]]));
    const line = severable(db.database);
    const gone = await startRunWorker(line.database, model);
    const run = await ask(gone);
    answer.say();
    await durable(gone, run.id, 4);
    line.cut();
    const [worker] = await db.database.db.deleteFrom('platform.worker').returning('id').execute();
    const heir = await startRunWorker(db.database, model);
    const row = { ...run, last_seq: 4 } as unknown as RunRow;
    heir.engine.resume({ id: newId(), slug: 'gone' }, { ...row, id: newId() }, newId());
    heir.engine.resume(somebody.tenant, row, worker?.id ?? '');
    answer.stop();
    await expect.poll(async () => (await heir.runs.get(somebody, run.id)).status, SOON).toBe('completed');
    await heir.engine.stop(0);
  });

  test('a worker that dies after the clock of the database was set back loses its runs as soon as any other', async () => {
    const answer = new DictatedAnswer('q');
    const model = dictatedModel(new Map([['q', answer]]));
    const line = severable(db.database);
    const dead = await startRunWorker(line.database, model);
    const run = await ask(dead);
    answer.say();
    await durable(dead, run.id, 4);
    line.cut();
    // What an hour earlier the heartbeat would have written.
    await db.database.execute(`UPDATE platform.worker SET lease_until = clock_timestamp() + interval '${HOUR}'`);
    const heir = await startRunWorker(db.database, model);
    answer.stop();
    await expect.poll(async () => (await heir.runs.get(somebody, run.id)).status, SOON).toBe('completed');
    await heir.engine.stop(0);
  });

  test.skipIf(kind === 'embedded')(
    'a clock that jumps ahead ends the leases of the living: runs change hands, and end once',
    async () => {
      const answer = new DictatedAnswer('q');
      const model = dictatedModel(new Map([['q', answer]]));
      const [one, other] = [await startRunWorker(db.database, model), await startRunWorker(db.database, model)];
      const run = await ask(one);
      answer.say();
      const followed = read(one, run.id);
      await durable(one, run.id, 4);
      // As often as it takes: between a jump and the next look of the other, a heartbeat may come.
      const afterJump = async () => {
        await db.database.execute(`UPDATE platform.worker SET lease_until = clock_timestamp() - interval '${HOUR}'`);
        return (await one.runs.get(somebody, run.id)).attempt;
      };
      await expect.poll(afterJump, SOON).toBeGreaterThan(1);
      answer.say();
      answer.stop();
      const log = await read(other, run.id);
      expect(log.filter(({ type }) => type === 'run-end')).toHaveLength(1);
      expect(saidIn(log)).toBe('q.1.0 q.1.1 ');
      expect(await followed).toEqual(log);
      await one.engine.stop(0);
      await other.engine.stop(0);
    },
  );

  test.skipIf(kind === 'embedded')(
    'a database that is away for longer than a lease takes no run from a worker that lives, whoever comes back first',
    async () => {
      const answer = new DictatedAnswer('q');
      const model = dictatedModel(new Map([['q', answer]]));
      const leaseTimes = { lease: 3_000, heartbeat: 300, sweep: 50, writeRetry: 60_000 };
      const [line, otherLine] = [severable(db.database), severable(db.database)];
      const holder = await startRunWorker(line.database, model, { leaseTimes });
      const other = await startRunWorker(otherLine.database, model, { leaseTimes });
      const run = await ask(holder);
      answer.say();
      await durable(other, run.id, 4);
      // Of these two: a test that failed may have left others behind.
      const ids = await Promise.all([holder, other].map(({ engine }) => engine.holder(somebody.tenant)));
      line.hold();
      otherLine.hold();
      const leases = async (what: string) => {
        const ofBoth = `SELECT ${what} AS found FROM platform.worker WHERE id = ANY($1)`;
        return (await db.database.execute(ofBoth, [ids])).rows[0]?.found;
      };
      await expect.poll(() => leases('bool_and(lease_until < clock_timestamp())'), SOON).toBe(true);
      otherLine.release();
      // It is heard of again, twice: it has looked for dead ones meanwhile.
      for (let beats = 0; beats < 2; beats += 1) {
        const before = await leases('max(lease_until)::text');
        await expect.poll(() => leases('max(lease_until)::text'), SOON).not.toBe(before);
      }
      line.release();
      answer.say();
      answer.stop();
      const log = await read(other, run.id);
      expect(saidIn(log)).toBe('q.1.0 q.1.1 ');
      expect(await other.runs.get(somebody, run.id)).toMatchObject({ status: 'completed', attempt: 1 });
      await holder.engine.stop(0);
      await other.engine.stop(0);
    },
  );

  test.skipIf(kind === 'embedded')(
    'lost notices only delay: events arrive and a cancellation stops the model',
    async () => {
      const deaf = { ...db.database, listen: async () => async () => undefined } as Database;
      const wait = gate();
      const model = scriptedModel(['heard', { gate: wait }, 'never']);
      const [one, other] = [await startRunWorker(deaf, model), await startRunWorker(deaf, model)];
      const run = await ask(one);
      const followed = read(other, run.id);
      await wait.reached;
      await other.runs.cancel(somebody, run.id);
      const log = await followed;
      expect(log.at(-1)).toMatchObject({ type: 'run-end', status: 'cancelled', message: { content: 'heard' } });
      expect(model.abandoned).toBe(1);
      expect((await other.runs.get(somebody, run.id)).usage).toMatchObject({ output_tokens: expect.any(Number) });
      await one.engine.stop(0);
      await other.engine.stop(0);
    },
  );

  test.skipIf(kind === 'embedded')(
    'connections that are cut in mid-answer, again and again, lose and double nothing',
    async () => {
      const url = db.url ?? '';
      const database = openServerDatabase({
        url,
        poolSize: 4,
        poolTimeout: 10_000,
        statementTimeout: 30_000,
        prepareStatements: true,
        applicationName: 'parley-cut',
        onError: () => undefined,
      });
      const answer = new DictatedAnswer('q');
      const chat = await startRunWorker(database, dictatedModel(new Map([['q', answer]])));
      const run = await ask(chat);
      const followed = read(chat, run.id);
      const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'parley-cut%'`;
      for (let word = 0; word < 60; word += 1) {
        answer.say();
        if (word % 10 === 5) await asClient(url, (client) => client.query(cut));
        else await new Promise((resolve) => setImmediate(resolve));
      }
      answer.stop();
      const log = await followed;
      expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
      expect(saidIn(log)).toBe(answer.steps[0]?.tokens.join(''));
      expect(log.at(-1)).toMatchObject({ type: 'run-end', status: 'completed' });
      await chat.engine.stop(0);
      await database.close();
    },
  );
});
