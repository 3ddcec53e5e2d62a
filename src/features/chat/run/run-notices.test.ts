import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { startRedis, type TestRedis } from '../../../../test/support/redis.ts';
import { QUICK_LEASE, startRunWorker } from '../../../../test/support/runs/run-worker.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';
import { gate, scriptedModel } from '../../../ai/fakes.ts';
import type { Database } from '../../../platform/database/database.ts';
import { createRedis, type RedisConnection } from '../../../platform/redis/redis.ts';
import type { Principal } from '../../identity/index.ts';
import type { Chat } from '../chat.ts';

const SOON = { timeout: 60_000, interval: 20 };
/** No run changes hands here, however busy the machine: the second answer of the model would wait for ever. */
const PATIENT_LEASE = { ...QUICK_LEASE, lease: 60_000 };
const log = pino({ level: 'silent' });

describe.each(testDatabases().filter(({ kind }) => kind === 'server'))('notices between replicas', ({ open }) => {
  let db: TestDatabase;
  let redis: TestRedis;
  let somebody: Principal;
  const connections: RedisConnection[] = [];

  beforeAll(async () => {
    db = await open();
    redis = await startRedis();
    somebody = principalIn(await makeTenant(db.database));
  });
  afterAll(async () => {
    for (const connection of connections) connection.close();
    await redis[Symbol.asyncDispose]();
    await db.close();
  });

  /** A database that counts the notices sent through it. */
  function counting(): { database: Database; notified(): number } {
    let notified = 0;
    const execute: Database['execute'] = (text, values) => {
      if (text.includes('pg_notify')) notified += 1;
      return db.database.execute(text, values);
    };
    return { database: { ...db.database, execute }, notified: () => notified };
  }

  async function replica(model: ReturnType<typeof scriptedModel>, database: Database, withRedis = true): Promise<Chat> {
    const connection = withRedis ? createRedis(redis.url, log) : null;
    if (connection) connections.push(connection);
    await connection?.connect();
    return startRunWorker(database, model, { redis: connection, leaseTimes: PATIENT_LEASE });
  }

  /** A run of one replica is followed at the other; resolves with what was said there. */
  async function followedElsewhere(one: Chat, other: Chat, between: () => Promise<void>): Promise<string> {
    const session = await one.sessions.create(somebody, {});
    const run = await one.runs.create(somebody, session.id, { input: 'q' });
    let said = '';
    for await (const lines of await other.runs.follow(somebody, run.id, 0, new AbortController().signal)) {
      for (const { json } of lines) said += (JSON.parse(json) as { delta?: string }).delta ?? '';
      if (said === 'first') await between();
    }
    return said;
  }

  test('go through Redis; when it dies, through PostgreSQL; and events arrive all the same', {
    timeout: 180_000,
  }, async () => {
    const { database, notified } = counting();
    const waits = [gate(), gate()];
    const model = scriptedModel((_request, call) => ['first', { gate: waits[call] ?? gate() }, ' last']);
    const [one, other] = [await replica(model, database), await replica(model, database)];
    await expect.poll(() => one.engine.knowsOthers, SOON).toBe(true);
    await followedElsewhere(one, other, async () => waits[0]?.open()).then((said) => expect(said).toBe('first last'));
    expect(notified()).toBe(0);
    await redis.kill();
    await followedElsewhere(one, other, async () => waits[1]?.open()).then((said) => expect(said).toBe('first last'));
    await expect.poll(notified, SOON).toBeGreaterThan(0);
    await one.engine.stop(0);
    await other.engine.stop(0);
  });

  test('cancelling at another replica stops the model within a second', async () => {
    const wait = gate();
    const model = scriptedModel(['kept', { gate: wait }, 'never']);
    const [one, other] = [await replica(model, db.database, false), await replica(model, db.database, false)];
    const session = await one.sessions.create(somebody, {});
    const run = await one.runs.create(somebody, session.id, { input: 'q' });
    await wait.reached;
    const began = performance.now();
    await other.runs.cancel(somebody, run.id);
    await expect.poll(() => model.abandoned, SOON).toBe(1);
    // Some 20 ms on a quiet machine; the bound is for one that runs ten suites.
    expect(performance.now() - began).toBeLessThan(5_000);
    const status = async () => (await other.runs.get(somebody, run.id)).status;
    await expect.poll(status, SOON).toBe('cancelled');
    await one.engine.stop(0);
    await other.engine.stop(0);
  });

  test('deleting its session at another replica ends the model at once, not at its next word', async () => {
    const wait = gate();
    const model = scriptedModel(['kept', { gate: wait }, 'never']);
    const [one, other] = [await replica(model, db.database, false), await replica(model, db.database, false)];
    const session = await one.sessions.create(somebody, {});
    await one.runs.create(somebody, session.id, { input: 'q' });
    await wait.reached;
    await other.sessions.remove(somebody, session.id);
    await expect.poll(() => model.abandoned, SOON).toBe(1);
    await expect.poll(() => one.engine.activeRunCount, SOON).toBe(0);
    await one.engine.stop(0);
    await other.engine.stop(0);
  });

  test('lost cancellations are looked for by one statement for all runs of a tenant', async () => {
    const looks: number[] = [];
    const scoped: Database['scoped'] = (...args) => {
      looks.push(performance.now());
      return db.database.scoped(...args);
    };
    const waits = Array.from({ length: 4 }, gate);
    const model = scriptedModel((_request, call) => [{ gate: waits[call] ?? gate() }, 'done']);
    const chat = await replica(model, { ...db.database, scoped }, false);
    for (const wait of waits) {
      // As each request has it: an object of its own.
      const asker = { ...somebody, tenant: { ...somebody.tenant } };
      const session = await chat.sessions.create(asker, {});
      await chat.runs.create(asker, session.id, { input: 'q' });
      await wait.reached;
    }
    const before = looks.length;
    await expect.poll(() => looks.length, SOON).toBeGreaterThanOrEqual(before + 3);
    expect((looks[before + 2] as number) - (looks[before] as number)).toBeGreaterThan(400);
    for (const wait of waits) wait.open();
    await chat.engine.stop(10_000);
  });

  test('are not sent where nobody is to be told', async () => {
    const { database, notified } = counting();
    const chat = await replica(scriptedModel(['said']), database, false);
    await expect.poll(() => chat.engine.knowsOthers, SOON).toBe(false);
    const session = await chat.sessions.create(somebody, {});
    const run = await chat.runs.create(somebody, session.id, { input: 'q' });
    for await (const _ of await chat.runs.follow(somebody, run.id, 0, new AbortController().signal));
    expect(notified()).toBe(0);
    await chat.engine.stop(0);
  });
});
