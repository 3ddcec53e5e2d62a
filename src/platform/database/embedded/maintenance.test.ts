import { afterEach, describe, expect, it } from 'vitest';
import { defaultLimits, Maintenance, type MaintenanceTools } from './maintenance.ts';
import { openEmbeddedDatabase } from './open-embedded-database.ts';

const HOUR = 3_600_000;

/** A database that only notes what it is asked. */
function fakeDatabase() {
  const ran: string[] = [];
  const state = { asked: 0, own: 0, waiting: 0, now: 0, due: ['a.t', 'b.t'], wal: 0, failure: null as Error | null };
  const tools: MaintenanceTools = {
    execute: async (statement) => {
      state.own++;
      if (/^(VACUUM|CHECKPOINT)/.test(statement)) ran.push(statement);
      if (state.failure) throw state.failure;
      if (statement.includes('pg_stat_all_tables')) return { rows: state.due.map((name) => ({ name })) };
      return { rows: [{ bytes: state.wal }] };
    },
    statements: () => state.asked + state.own,
    waiting: () => state.waiting,
    now: () => state.now,
    onError: (error) => {
      throw error;
    },
  };
  const maintenance = new Maintenance(tools, { ...defaultLimits, interval: HOUR });
  return { ran, state, maintenance };
}

const started: Maintenance[] = [];
afterEach(() => {
  for (const maintenance of started.splice(0)) maintenance.stop();
});

function setup() {
  const fake = fakeDatabase();
  started.push(fake.maintenance);
  return fake;
}

describe('a look', () => {
  it('vacuums what is due when little was asked and the last round is a minute ago', async () => {
    const { ran, state, maintenance } = setup();
    Object.assign(state, { asked: 50, now: 60_000 });
    await maintenance.look();
    expect(ran).toEqual(['VACUUM (ANALYZE) a.t', 'VACUUM (ANALYZE) b.t']);
  });

  it('vacuums nothing under load or too soon', async () => {
    const { ran, state, maintenance } = setup();
    Object.assign(state, { asked: 51, now: 60_000 });
    await maintenance.look();
    Object.assign(state, { asked: 52, now: 59_999 });
    await maintenance.look();
    expect(ran).toEqual([]);
  });

  it('vacuums under load when that has lasted ten minutes', async () => {
    const { ran, state, maintenance } = setup();
    Object.assign(state, { asked: 10_000, waiting: 3, now: 600_000 });
    await maintenance.look();
    expect(ran).toHaveLength(2);
  });

  it('breaks off for a caller that waits, and goes on at the next look', async () => {
    const { ran, state, maintenance } = setup();
    Object.assign(state, { asked: 1, waiting: 1, now: 60_000 });
    await maintenance.look();
    expect(ran).toEqual([]);
    state.waiting = 0;
    await maintenance.look();
    expect(ran).toHaveLength(2);
  });

  it('asks the database nothing when nobody else did', async () => {
    const { state, maintenance } = setup();
    Object.assign(state, { asked: 1, now: 60_000 });
    await maintenance.look();
    const own = state.own;
    state.now = HOUR;
    await maintenance.look();
    expect(state.own).toBe(own);
  });

  it('goes on with the next table when one was dropped meanwhile, and reports anything else', async () => {
    const { ran, state, maintenance } = setup();
    Object.assign(state, { asked: 1, now: 60_000 });
    state.due = ['gone.t'];
    const { look } = { look: () => maintenance.look() };
    await look();
    state.failure = Object.assign(new Error('disk failure'), { code: '58030' });
    Object.assign(state, { asked: 2, now: 120_000 });
    await expect(look()).rejects.toThrow('disk failure');
    expect(ran).toEqual(['VACUUM (ANALYZE) gone.t']);
  });

  it.each([
    { asked: 1, wal: 5_000_000, expected: ['CHECKPOINT'] },
    { asked: 1, wal: 4_000_000, expected: [] },
    { asked: 999, wal: 5_000_000, expected: [] },
    { asked: 999, wal: 51_000_000, expected: ['CHECKPOINT'] },
  ])('after $asked statements with $wal bytes of log: $expected', async ({ asked, wal, expected }) => {
    const { ran, state, maintenance } = setup();
    Object.assign(state, { asked, wal });
    await maintenance.look();
    expect(ran).toEqual(expected);
  });
});

describe('in a real database', () => {
  it('quiet moments clear dead rows and refresh the planner’s figures by themselves', async () => {
    const errors: Error[] = [];
    const database = await openEmbeddedDatabase({
      dataDir: null,
      maintenance: { interval: 20, roundEvery: 0, quietStatements: Number.POSITIVE_INFINITY },
      onError: (error) => errors.push(error),
    });
    await database.execute('CREATE SCHEMA "Of a tenant"; CREATE TABLE "Of a tenant".t (n int)');
    await database.execute('INSERT INTO "Of a tenant".t SELECT generate_series(1, 3000)');
    await database.execute('UPDATE "Of a tenant".t SET n = n + 1');
    await expect
      .poll(
        async () => {
          const { rows } = await database.execute(`SELECT c.reltuples, s.n_dead_tup AS dead
          FROM pg_class c JOIN pg_stat_user_tables s ON s.relid = c.oid WHERE c.relname = 't'`);
          return rows[0];
        },
        { timeout: 60_000 },
      )
      .toEqual({ reltuples: 3000, dead: 0 });
    expect(errors).toEqual([]);
    await database.close();
  });

  it('all of it can be asked for at once', async () => {
    const database = await openEmbeddedDatabase({ dataDir: null, maintenance: { interval: HOUR } });
    await database.execute('CREATE TABLE t (n int); INSERT INTO t SELECT generate_series(1, 10)');
    await database.maintain();
    const { rows } = await database.execute("SELECT reltuples FROM pg_class WHERE relname = 't'");
    expect(rows).toEqual([{ reltuples: 10 }]);
    await database.close();
  });
});
