import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { makeTenant } from '../../../../test/support/tenants.ts';
import { entriesOf, startUsage } from '../../../../test/support/usage.ts';
import { type ChatModel, ModelError, type ModelEvent } from '../../../ai/chat-model.ts';
import type { Database } from '../../../platform/database/database.ts';
import { newId } from '../../../platform/id.ts';
import type { Tenant } from '../../tenancy/index.ts';
import { isRefusal } from '../metering/cashier.ts';
import { nanosOf } from '../prices/price.ts';

/** The long version: OVERSPEND_ROUNDS=50 OVERSPEND_SEED=7 npx vitest run overspend. */
const ROUNDS = Number(process.env.OVERSPEND_ROUNDS ?? 1);
const SEED = Number(process.env.OVERSPEND_SEED ?? 20_261_125);
const AT_ONCE = 200;
const CALLS_OF_EACH = 3;
const WORKERS = 4;
const KILLS = 3;
const TENANT_LIMIT = nanosOf(0.25);
const USER_LIMIT = nanosOf(0.05);

/** Mulberry32: the same numbers from 0 to 1 for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A process: once killed, nothing of it reaches the database any more, and nothing of it goes on. */
function workerOn(database: Database) {
  let killed = false;
  const never = () => new Promise<never>(() => undefined);
  const mortal: Database = {
    ...database,
    queries: async (queries) => {
      if (killed) return never();
      const answer = await database.queries(queries);
      return killed ? never() : answer;
    },
  };
  const death = Promise.withResolvers<'lost'>();
  return {
    usage: startUsage(mortal, { clock: MIDDAY }),
    kill: () => {
      killed = true;
      death.resolve('lost');
    },
    /** Whoever waits for a dead process is gone with it. */
    death: death.promise,
  };
}

/** Far from midnight, where accounts begin anew. */
const MIDDAY = { now: () => new Date('2026-03-10T12:00:00Z') };

type Worker = ReturnType<typeof workerOn>;

const REQUEST = { instructions: null, messages: [], passages: null, signal: new AbortController().signal };

/** A provider that ends, counts nothing, refuses or breaks off, at any pace; counts how often it was asked. */
function moodyModel(random: () => number) {
  let asked = 0;
  const model: ChatModel = {
    id: 'fake/scripted',
    async *stream() {
      asked += 1;
      const mood = random();
      for (let turn = random() * 20; turn > 0; turn -= 1) await new Promise((resolve) => setImmediate(resolve));
      if (mood < 0.15) throw new ModelError('rate-limited', 'later');
      yield [{ type: 'text-delta', delta: 'x'.repeat(Math.floor(random() * 2_000)) }];
      if (mood < 0.3) throw new ModelError('unavailable', 'broke off');
      const usage = mood < 0.45 ? null : { inputTokens: 50, outputTokens: Math.floor(random() * 1_000) };
      yield [{ type: 'finish', reason: 'stop', usage } satisfies ModelEvent];
    },
  };
  return { model, asked: () => asked };
}

describe.each(testDatabases())('many calls at once on the $kind database', ({ open, kind }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());

  /** The highest that an account of the tenant has stood at, and the tenant's, now. */
  async function highest(tenant: Tenant) {
    const rows = await db.database.db
      .selectFrom('platform.ledger_account')
      .select(['scope', 'day_spent', 'day_reserved'])
      .where('tenant_id', '=', tenant.id)
      .execute();
    const of = (scope: string) =>
      Math.max(0, ...rows.filter((row) => row.scope === scope).map((row) => row.day_spent + row.day_reserved));
    return { tenant: of('tenant'), user: of('user'), reserved: rows.reduce((sum, row) => sum + row.day_reserved, 0) };
  }

  async function giveBudgets(tenant: Tenant) {
    const base = { tenant_id: tenant.id, period: 'day', hard: true, set_by: 'tenant', subject_id: null } as const;
    await db.database.db
      .insertInto('platform.budget')
      .values([
        { ...base, id: newId(), scope: 'tenant', amount: TENANT_LIMIT },
        { ...base, id: newId(), scope: 'user', amount: USER_LIMIT },
      ])
      .execute();
  }

  test.each(Array.from({ length: ROUNDS }, (_, round) => SEED + round))(
    `never spend more than the budgets, though workers are killed, and each is settled once (seed %i)`,
    async (seed) => {
      const random = randomFrom(seed);
      const tenant = await makeTenant(db.database);
      await giveBudgets(tenant);
      const users = Array.from({ length: 8 }, () => newId());
      const { model, asked } = moodyModel(random);
      const workers = Array.from({ length: WORKERS }, () => workerOn(db.database));
      const outcomes = { complete: 0, failed: 0, refused: 0, lost: 0 };
      let begun = 0;

      /** A worker at random. Now and then it dies, and is replaced, as an orchestrator would. */
      const nextWorker = () => {
        begun += 1;
        const at = Math.floor(random() * WORKERS);
        const found = workers[at] as Worker;
        if (begun % Math.floor((AT_ONCE * CALLS_OF_EACH) / (KILLS + 1)) !== 0) return found;
        found.kill();
        workers[at] = workerOn(db.database);
        return workers[at];
      };
      const one = async (caller: number) => {
        for (let turn = 0; turn < CALLS_OF_EACH; turn += 1) {
          const worker = nextWorker();
          const userId = users[caller % users.length] ?? null;
          const metered = worker.usage.meter.model(model, { tenant, userId, apiKeyId: null, purpose: 'answer' });
          const asking = Array.fromAsync(metered.stream(REQUEST)).then(
            () => 'complete' as const,
            (error: unknown) => (isRefusal(error) ? ('refused' as const) : ('failed' as const)),
          );
          outcomes[await Promise.race([asking, worker.death])] += 1;
        }
      };
      let peak = { tenant: 0, user: 0, reserved: 0 };
      let over = false;
      const watching = (async () => {
        while (!over) {
          const now = await highest(tenant);
          peak = { ...now, tenant: Math.max(peak.tenant, now.tenant), user: Math.max(peak.user, now.user) };
        }
      })();
      await Promise.all(Array.from({ length: AT_ONCE }, (_, caller) => one(caller)));
      await Promise.all(workers.map(({ usage }) => usage.ledger.drained()));
      over = true;
      await watching;

      expect(peak.tenant).toBeLessThanOrEqual(TENANT_LIMIT);
      expect(peak.user).toBeLessThanOrEqual(USER_LIMIT);
      // It was tight, and there was life in it.
      expect(peak.tenant).toBeGreaterThan(TENANT_LIMIT * 0.5);
      expect(outcomes.refused).toBeGreaterThan(0);
      expect(outcomes.complete).toBeGreaterThan(0);

      const later = { now: () => new Date(MIDDAY.now().getTime() + 16 * 60_000) };
      const survivor = startUsage(db.database, { clock: later });
      while ((await survivor.abandoned.sweep()) > 0);
      const [reserves, settles] = await Promise.all(
        ['reserve', 'settle'].map((each) => entriesOf(db.database, tenant.id, each)),
      );
      // One settled entry for each call that was reserved, and so at least for each that reached the provider.
      expect(settles).toHaveLength(reserves?.length ?? 0);
      expect(settles?.length).toBeGreaterThanOrEqual(asked());
      expect(await highest(tenant)).toMatchObject({ reserved: 0 });
      const settled = settles?.reduce((sum, { amount }) => sum + amount, 0) ?? 0;
      expect((await highest(tenant)).tenant).toBe(Math.round(settled * 1e9));
    },
    kind === 'server' ? 120_000 : 240_000,
  );
});
