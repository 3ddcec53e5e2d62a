import { CompiledQuery } from 'kysely';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { movableClock } from '../../../../test/support/identity.ts';
import { makeTenant } from '../../../../test/support/tenants.ts';
import { findByKeys } from '../../../platform/database/find-by-keys.ts';
import { newId } from '../../../platform/id.ts';
import { createMetrics } from '../../../platform/telemetry/metrics.ts';
import type { Tenant } from '../../tenancy/index.ts';
import { nanosOf } from '../prices/price.ts';
import { reserveCalls, settleCalls } from './ledger.store.ts';
import { Ledger } from './ledger.ts';
import type { Alert, Reservation, Settlement } from './ledger.types.ts';

const DAY_MS = 86_400_000;

describe.each(testDatabases())('the ledger on the $kind database', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());

  /** A tenant of its own with ten dollars a day, on the last day but one of a month. */
  async function start(limit: number | null = nanosOf(10)) {
    const tenant = await makeTenant(db.database);
    const clock = movableClock(new Date('2026-03-30T12:00:00Z'));
    const alerts: Alert[] = [];
    const make = () =>
      new Ledger({
        database: db.database,
        clock,
        log: pino({ enabled: false }),
        metrics: createMetrics(),
        installationLimit: limit,
        onAlert: (alert) => alerts.push(alert),
      });
    return { tenant, clock, alerts, ledger: make(), replica: make() };
  }

  function call(tenant: Tenant, usd: number, more: Partial<Reservation> = {}): Reservation {
    return {
      callId: newId(),
      tenantId: tenant.id,
      userId: null,
      apiKeyId: null,
      purpose: 'answer',
      model: 'openai/gpt-5',
      runId: null,
      runPosition: null,
      amount: nanosOf(usd),
      ownKey: false,
      price: null,
      inputTokens: 10,
      ...more,
    };
  }

  function cost({ callId }: Reservation, usd: number): Settlement {
    const tokens = { inputTokens: 10, cachedInputTokens: 0, outputTokens: 5 };
    return { callId, cost: nanosOf(usd), ...tokens, estimated: false };
  }

  const budget = (tenant: Tenant, usd: number, more: object = {}) =>
    db.database.db
      .insertInto('platform.budget')
      .values({
        id: newId(),
        tenant_id: tenant.id,
        scope: 'tenant',
        subject_id: null,
        period: 'day',
        amount: nanosOf(usd),
        hard: true,
        set_by: 'tenant',
        ...more,
      })
      .execute();

  const entriesOf = async (tenant: Tenant) => {
    const rows = await db.database.db
      .selectFrom('platform.ledger_entry')
      .select(['kind', 'amount'])
      .where('tenant_id', '=', tenant.id)
      .orderBy('call_id')
      .orderBy('kind')
      .execute();
    return rows.map(({ kind, amount }) => [kind, amount / nanosOf(1)]);
  };

  /** What the accounts say, beside what the entries add up to. */
  async function balances(tenant: Tenant) {
    const { rows } = await db.database.db.executeQuery<Record<string, number>>(
      CompiledQuery.raw(
        `SELECT a.day_spent, a.day_reserved, e.spent, e.reserved FROM platform.ledger_account a, LATERAL (
           SELECT coalesce(sum(amount) FILTER (WHERE kind = 'settle'), 0)::bigint AS spent,
             coalesce(sum(CASE kind WHEN 'reserve' THEN amount ELSE -amount END), 0)::bigint AS reserved
           FROM platform.ledger_entry WHERE tenant_id = a.tenant_id AND day = a.day) e
         WHERE a.tenant_id = $1 AND a.scope = 'tenant'`,
        [tenant.id],
      ),
    );
    return rows[0];
  }

  test('its statements find rows by their keys, however little the database knows of its tables', async () => {
    const { tenant } = await start();
    const one = call(tenant, 1);
    const now = new Date();
    const statements = [
      reserveCalls([one], { day: '2026-03-30', now, installationLimit: null }),
      settleCalls([cost(one, 1)], now),
    ];
    for (const { sql, parameters } of statements) {
      const explain = CompiledQuery.raw(`EXPLAIN ${sql}`, [...parameters]);
      const [, rows] = await db.database.queries([findByKeys, explain]);
      const plan = (rows as { 'QUERY PLAN': string }[]).map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).toMatch(/using ledger_(entry|reservation)_pkey/);
      expect(plan).not.toMatch(/Seq Scan|Bitmap|Hash Join|Materialize/);
    }
  });

  test('a call reserves, settles and gives back the rest', async () => {
    const { tenant, ledger } = await start();
    const one = call(tenant, 1);
    expect(await ledger.reserve(one)).toBeNull();
    expect(await balances(tenant)).toEqual({ day_spent: 0, day_reserved: 1e9, spent: 0, reserved: 1e9 });
    expect(await ledger.settle(one, cost(one, 0.25))).toBe(true);
    expect(await entriesOf(tenant)).toEqual([
      ['release', 0.75],
      ['reserve', 1],
      ['settle', 0.25],
    ]);
    expect(await balances(tenant)).toEqual({ day_spent: 25e7, day_reserved: 0, spent: 25e7, reserved: 0 });
  });

  test('a call is settled once, whoever comes first', async () => {
    const { tenant, ledger, replica } = await start();
    const one = call(tenant, 1);
    await ledger.reserve(one);
    const both = await Promise.all([ledger.settle(one, cost(one, 0.1)), replica.settle(one, cost(one, 0.2))]);
    expect(both.filter(Boolean)).toHaveLength(1);
    expect((await entriesOf(tenant)).filter(([kind]) => kind === 'settle')).toHaveLength(1);
  });

  test('what costs more than its bound is booked as it is, and the accounts agree', async () => {
    const { tenant, ledger } = await start();
    const one = call(tenant, 1);
    await ledger.reserve(one);
    await ledger.settle(one, cost(one, 1.5));
    expect(await balances(tenant)).toEqual({ day_spent: 15e8, day_reserved: 0, spent: 15e8, reserved: 0 });
  });

  test('no more is admitted than there is room for, and the refusal says how things stand', async () => {
    const { tenant, ledger } = await start();
    const calls = [4, 4, 4, 1].map((usd) => call(tenant, usd));
    const answers = await Promise.all(calls.map((one) => ledger.reserve(one)));
    expect(answers.map((refusal) => refusal?.period ?? 'admitted')).toEqual([
      'admitted',
      'admitted',
      'day',
      'admitted',
    ]);
    expect(answers[2]).toMatchObject({ scope: 'tenant', limit: 10e9, periodStart: '2026-03-30', spent: 0 });
    expect(await ledger.reserve(call(tenant, 2))).toMatchObject({ reserved: 9e9 });
  });

  test('what costs nothing is never refused', async () => {
    const { tenant, ledger } = await start(0);
    expect(await ledger.reserve(call(tenant, 0))).toBeNull();
    expect(await ledger.reserve(call(tenant, 0.000001))).toMatchObject({ limit: 0 });
  });

  test('a day ends at midnight in UTC, a month with its last day; a clock that is behind turns nothing back', async () => {
    const { tenant, clock, ledger } = await start();
    await budget(tenant, 15, { period: 'month' });
    const late = call(tenant, 9);
    expect(await ledger.reserve(late)).toBeNull();
    expect(await ledger.reserve(call(tenant, 2))).toMatchObject({ period: 'day' });
    clock.advance(DAY_MS);
    expect(await ledger.reserve(call(tenant, 7))).toMatchObject({ period: 'month', periodStart: '2026-03-01' });
    expect(await ledger.reserve(call(tenant, 5))).toBeNull();
    // Yesterday's call is settled today: it is yesterday's money, and this month's.
    await ledger.settle(late, cost(late, 1));
    expect(await balances(tenant)).toEqual({ day_spent: 0, day_reserved: 5e9, spent: 0, reserved: 5e9 });
    expect(await ledger.reserve(call(tenant, 5))).toBeNull();
    clock.advance(-DAY_MS);
    expect(await ledger.reserve(call(tenant, 1))).toMatchObject({ period: 'day', reserved: 10e9 });
    clock.advance(2 * DAY_MS);
    expect(await ledger.reserve(call(tenant, 10))).toBeNull();
  });

  test('budgets of users and keys hold beside the tenant’s; one of its own comes before the one for each', async () => {
    const { tenant, ledger } = await start();
    const [ann, bob, key] = [newId(), newId(), newId()];
    await budget(tenant, 1, { scope: 'user' });
    await budget(tenant, 3, { scope: 'user', subject_id: bob });
    await budget(tenant, 0.5, { scope: 'key', subject_id: key });
    expect(await ledger.reserve(call(tenant, 2, { userId: ann }))).toMatchObject({ scope: 'user', subjectId: ann });
    expect(await ledger.reserve(call(tenant, 2, { userId: bob }))).toBeNull();
    expect(await ledger.reserve(call(tenant, 0.75, { userId: ann, apiKeyId: key }))).toMatchObject({ scope: 'key' });
    expect(await ledger.reserve(call(tenant, 0.5, { userId: ann, apiKeyId: key }))).toBeNull();
  });

  test('what the operator gives a tenant takes the place of the installation’s limit; the tenant’s own only narrows it', async () => {
    const { tenant, ledger } = await start();
    await budget(tenant, 100);
    expect(await ledger.reserve(call(tenant, 11))).toMatchObject({ limit: 10e9 });
    await budget(tenant, 50, { set_by: 'operator' });
    expect(await ledger.reserve(call(tenant, 11))).toBeNull();
    expect(await ledger.reserve(call(tenant, 45))).toMatchObject({ limit: 50e9 });
  });

  test('the neighbour’s spending and budgets do not count', async () => {
    const { tenant, ledger } = await start();
    const neighbour = await makeTenant(db.database);
    await budget(neighbour, 0);
    await ledger.reserve(call(tenant, 10));
    expect(await ledger.reserve(call(neighbour, 1))).toMatchObject({ limit: 0 });
    await db.database.db.deleteFrom('platform.budget').where('tenant_id', '=', neighbour.id).execute();
    expect(await ledger.reserve(call(neighbour, 10))).toBeNull();
  });

  test('what a tenant pays with keys of its own counts for the budgets that it has set, and not for what it was given', async () => {
    const { tenant, ledger } = await start();
    const own = { ownKey: true } as const;
    const spent = async (usd: number) => {
      const one = call(tenant, usd, own);
      expect(await ledger.reserve(one)).toBeNull();
      await ledger.settle(one, cost(one, usd));
    };
    // Ten dollars a day are given.
    await spent(40);
    expect(await ledger.reserve(call(tenant, 20, own))).toBeNull();
    expect(await ledger.reserve(call(tenant, 9))).toBeNull();
    expect(await ledger.reserve(call(tenant, 2))).toMatchObject({ limit: 10e9, spent: 0, reserved: 9e9 });
    expect(await balances(tenant)).toMatchObject({ day_spent: 40e9, day_reserved: 29e9 });

    await budget(tenant, 75, { period: 'month' });
    expect(await ledger.reserve(call(tenant, 7, own))).toMatchObject({ limit: 75e9, spent: 40e9, reserved: 29e9 });
    // Of several at once, each counts only for those budgets that count it.
    const [mine, given] = await Promise.all([ledger.reserve(call(tenant, 5, own)), ledger.reserve(call(tenant, 1))]);
    expect([mine, given]).toEqual([null, null]);
  });

  test('80 and 100 % of a budget are told once each, of soft ones too, and a refusal counts as used up', async () => {
    const { tenant, ledger, replica, alerts } = await start();
    await budget(tenant, 5, { hard: false });
    const told = () => alerts.map(({ hard, percent, limit }) => [hard ? 'hard' : 'soft', limit / 1e9, percent]);
    const spend = async (by: Ledger, usd: number) => {
      const one = call(tenant, usd);
      await by.reserve(one);
      await by.settle(one, cost(one, usd));
    };
    await spend(ledger, 3.9);
    expect(told()).toEqual([]);
    await Promise.all([spend(ledger, 0.2), spend(replica, 0.2)]);
    expect(told()).toEqual([['soft', 5, 80]]);
    await spend(replica, 4);
    expect(told().toSorted()).toEqual([
      ['hard', 10, 80],
      ['soft', 5, 100],
      ['soft', 5, 80],
    ]);
    await ledger.reserve(call(tenant, 3));
    await replica.reserve(call(tenant, 3));
    expect(told()).toHaveLength(4);
    expect(told()).toContainEqual(['hard', 10, 100]);
  });

  test('a booking whose answer was lost is not booked twice', async () => {
    const tenant = await makeTenant(db.database);
    let failures = 1;
    const flaky = {
      ...db.database,
      queries: async (...args: Parameters<typeof db.database.queries>) => {
        const answer = await db.database.queries(...args);
        if (failures-- > 0) throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
        return answer;
      },
    };
    const deps = { clock: movableClock(), log: pino({ enabled: false }), metrics: createMetrics() };
    const ledger = new Ledger({ ...deps, database: flaky, installationLimit: nanosOf(10), onAlert: () => undefined });
    const one = call(tenant, 6);
    expect(await ledger.reserve(one)).toBeNull();
    expect(await balances(tenant)).toMatchObject({ day_reserved: 6e9, reserved: 6e9 });
  });
});
