import { CompiledQuery } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';
import { findByKeys } from '../../../platform/database/find-by-keys.ts';
import { newId } from '../../../platform/id.ts';
import { inTenant, queryTenant, type Tenant } from '../../tenancy/index.ts';
import { type Append, appendEvents, readEvents } from './event.store.ts';
import { adoptRuns, findRun, insertRuns, type RunRow } from './run.store.ts';
import { runToSave } from './run-to-save.ts';

/** What the statement itself refuses, whatever its callers believe: no worker writes into a run that it does not hold. */
describe.each(testDatabases())('the fence around a run on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let tenant: Tenant;
  let run: RunRow;
  const [first, second] = [newId(), newId()];

  beforeAll(async () => {
    db = await open();
    tenant = await makeTenant(db.database);
  });
  beforeEach(async () => {
    const rules = { instructions: null, titles: 'off' as const };
    const { firstLine, ...toSave } = runToSave(
      principalIn(tenant),
      { sessionId: newId(), newSession: { metadata: {}, expiresAt: null } },
      { input: 'Hello' },
      { model: 'fake/none', workerId: first, rules },
    );
    const [rows] = await query<RunRow>(insertRuns([{ ...toSave, firstEvent: firstLine.json }]));
    run = rows[0] as RunRow;
  });
  afterAll(() => db.close());

  const query = <Row>(statement: CompiledQuery<Row>) => queryTenant<[Row]>(db.database, tenant, statement);
  const takeOver = () => inTenant(db.database, tenant, (trx) => adoptRuns(trx, first, second, run.id));
  const append = async (change: Partial<Append>): Promise<number> => {
    const event = '{"seq":2,"type":"step-start","step":1}';
    const stretch = { runId: run.id, attempt: 1, firstSeq: 2, lastSeq: 2, events: event, end: null, ...change };
    return (await query(appendEvents([stretch])))[0].length;
  };
  const left = () =>
    inTenant(db.database, tenant, async (trx) => {
      const { status, last_seq, attempt } = (await findRun(trx, run.id)) as RunRow;
      return { status, last_seq, attempt, events: (await readEvents(trx, run.id, 0, 100)).length };
    });
  const end = { status: 'completed' as const, usage: null, error: null, message: null };

  test('lets its holder write, behind what is there', async () => {
    expect(await append({})).toBe(1);
    expect(await left()).toEqual({ status: 'running', last_seq: 2, attempt: 1, events: 2 });
  });

  test('keeps out a worker whose run was taken over, its end too', async () => {
    await takeOver();
    expect(await append({})).toBe(0);
    expect(await append({ end })).toBe(0);
    expect(await left()).toEqual({ status: 'running', last_seq: 1, attempt: 2, events: 1 });
    expect(await append({ attempt: 2 })).toBe(1);
  });

  test('keeps out what was written before, and what would leave a hole', async () => {
    expect(await append({})).toBe(1);
    expect(await append({})).toBe(0);
    expect(await append({ firstSeq: 4, lastSeq: 4 })).toBe(0);
    expect((await left()).events).toBe(2);
  });

  test('keeps everybody out of a run that has ended', async () => {
    expect(await append({ end })).toBe(1);
    expect(await append({ firstSeq: 3, lastSeq: 3 })).toBe(0);
    expect(await left()).toEqual({ status: 'completed', last_seq: 2, attempt: 1, events: 2 });
  });

  test('finds runs by their keys, however little the database knows of its tables', async () => {
    const stretch = { runId: run.id, attempt: 1, firstSeq: 2, lastSeq: 2, events: '{}', end };
    const { sql, parameters } = appendEvents([stretch]);
    const explain = CompiledQuery.raw(`EXPLAIN ${sql}`, [...parameters]) as CompiledQuery<{ 'QUERY PLAN': string }>;
    const [, rows] = await queryTenant<[unknown, { 'QUERY PLAN': string }]>(db.database, tenant, findByKeys, explain);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toMatch(/Index Scan using run_pkey on run\b/);
    expect(plan).toMatch(/Index Scan using session_pkey on session\b/);
    expect(plan).not.toMatch(/Seq Scan|Bitmap|run_unfinished|Hash Join|Materialize/);
  });
});
