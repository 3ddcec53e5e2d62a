import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { forgettingOn } from '../../../../test/support/forgetting.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';
import { entriesOf, startUsage } from '../../../../test/support/usage.ts';
import type { ChatModel } from '../../../ai/chat-model.ts';
import { gate, scriptedModel } from '../../../ai/fakes.ts';
import { systemClock } from '../../../platform/clock.ts';
import { createMetrics } from '../../../platform/telemetry/metrics.ts';
import { type Chat, createChat } from '../chat.ts';
import type { LeaseTimes } from './worker-lease.ts';

const QUICK: LeaseTimes = { lease: 400, heartbeat: 100, sweep: 50, writeRetry: 200 };
/** A lease that its holder never renews: as good as a dead process. */
const NEVER_RENEWED: LeaseTimes = { lease: 50, heartbeat: 60_000, sweep: 60_000, writeRetry: 200 };

describe.each(testDatabases())('the money of a run whose worker dies, on the $kind database', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());

  async function chatWith(model: ChatModel, leaseTimes: LeaseTimes) {
    const { database } = db;
    const usage = startUsage(database);
    const forgetting = forgettingOn(database, { enqueue: async () => undefined }, () => [chat.forgetter]);
    const chat: Chat = createChat({
      forgetting,
      database,
      log: pino({ level: 'silent' }),
      metrics: createMetrics(),
      clock: systemClock,
      meter: usage.meter,
      models: { resolve: () => model, list: () => [], embedder: null },
      retrieve: () => async (query) => ({ query, route: 'off', strategy: 'none', hits: [], passages: null }),
      queue: { enqueue: async () => undefined },
      leaseTimes,
    });
    await chat.engine.start();
    return { chat, usage };
  }

  test('both calls are settled once: the lost one by what the log has, the heir’s by its count', async () => {
    const tenant = await makeTenant(db.database);
    const somebody = principalIn(tenant);
    const stuck = gate();
    const dead = await chatWith(scriptedModel(['x'.repeat(40), { gate: stuck }]), NEVER_RENEWED);
    const session = await dead.chat.sessions.create(somebody, {});
    const run = await dead.chat.runs.create(somebody, session.id, { input: 'x' });
    await stuck.reached;
    await expect.poll(async () => (await dead.chat.runs.get(somebody, run.id)).last_seq).toBeGreaterThan(3);
    const heir = await chatWith(scriptedModel([' and the rest']), QUICK);
    const read = () => heir.chat.runs.get(somebody, run.id);
    await expect.poll(async () => (await read()).status, { timeout: 60_000 }).toBe('completed');
    // The old worker wakes up, and what it thinks that it used counts no more.
    stuck.open();
    await dead.chat.engine.stop(1_000);
    await heir.chat.engine.stop(0);
    await Promise.all([dead.usage.ledger.drained(), heir.usage.ledger.drained()]);

    const settles = await entriesOf(db.database, tenant.id);
    expect(settles).toMatchObject([
      { estimated: true, tokens: [expect.any(Number), 0, 10] },
      { estimated: false, tokens: [10, 0, 1] },
    ]);
    expect(await entriesOf(db.database, tenant.id, 'reserve')).toHaveLength(2);
    expect((await read()).usage?.cost_usd).toEqual(expect.any(Number));
  });
});
