import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { type MovableClock, movableClock } from '../../../../test/support/identity.ts';
import { makeTenant } from '../../../../test/support/tenants.ts';
import { type Clock, systemClock } from '../../../platform/clock.ts';
import type { JobContext } from '../../../platform/queue/queue.ts';
import { inTenant } from '../tenancy.service.ts';
import type { Tenant } from '../tenant.ts';
import { createIdempotency, type Repeatable } from './idempotency.ts';

const SECRET = 'a-secret-of-this-test-and-no-other';
const DAY_MS = 24 * 60 * 60 * 1000;

/** Work that ends when it is told to. */
function gated<T>(result: T) {
  const calls: PromiseWithResolvers<T>[] = [];
  const work = () => {
    const call = Promise.withResolvers<T>();
    calls.push(call);
    return call.promise;
  };
  return { calls, work, open: () => calls.at(-1)?.resolve(result) };
}

describe.each(testDatabases())('repeated requests on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let tenant: Tenant;
  let neighbour: Tenant;
  let clock: MovableClock;
  let request: Repeatable;
  let planned: object[];
  let keys = 0;
  beforeAll(async () => {
    db = await open();
    [tenant, neighbour] = [await makeTenant(db.database), await makeTenant(db.database)];
  });
  afterAll(() => db.close());
  beforeEach(() => {
    clock = movableClock();
    planned = [];
    keys += 1;
    const signal = AbortSignal.timeout(20_000);
    request = { tenant, subject: 'user:1', key: `key-${keys}`, fingerprint: 'a', signal };
  });

  /** As another process would have it. */
  function processOf(more: { clock?: Clock; secretKey?: string; leases?: { length: number; renewal: number } } = {}) {
    const queue = {
      enqueue: async (_trx: unknown, _job: unknown, payload: object, options?: object) => {
        planned.push({ ...payload, ...options });
      },
    };
    const log = pino({ enabled: false });
    return createIdempotency({ database: db.database, queue, clock, log, secretKey: SECRET, ...more });
  }

  test('the first is done, the repeats get its answer, in another process too', async () => {
    let calls = 0;
    const work = async () => ({ call: ++calls, nested: { text: 'ä\u2028', list: [1, null] } });
    const first = await processOf().once(request, work);
    expect(first).toEqual({ result: { call: 1, nested: { text: 'ä\u2028', list: [1, null] } }, repeated: false });
    const restarted = processOf();
    for (let repeat = 0; repeat < 3; repeat += 1) {
      expect(await restarted.once(request, work)).toEqual({ ...first, repeated: true });
    }
    expect(calls).toBe(1);
  });

  test('of 40 at once in two processes one is done, and the others wait for its answer', async () => {
    const processes = [processOf(), processOf()] as const;
    const { calls, work, open: finish } = gated('done');
    const answers = Array.from({ length: 40 }, (_, index) => processes[index % 2 ? 0 : 1].once(request, work));
    await expect.poll(() => calls.length).toBe(1);
    const early = await Promise.race([Promise.any(answers), clockTick()]);
    expect(early).toBe('nobody');
    finish();
    const outcomes = await Promise.all(answers);
    expect(outcomes.every(({ result }) => result === 'done')).toBe(true);
    expect(outcomes.filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect(calls).toHaveLength(1);
  });

  /** Long enough for several tries of those who wait, seen from the database. */
  async function clockTick() {
    for (let query = 0; query < 20; query += 1) await db.database.execute('SELECT 1');
    return 'nobody';
  }

  test('the same key with another request is refused, under way and done', async () => {
    const { work, open: finish, calls } = gated('done');
    const other = { ...request, fingerprint: 'b' };
    const refusal = { definition: { code: 'ERR_IDEMPOTENCY_001' } };
    const first = processOf().once(request, work);
    await expect.poll(() => calls.length).toBe(1);
    await expect(processOf().once(other, work)).rejects.toMatchObject(refusal);
    finish();
    await first;
    await expect(processOf().once(other, work)).rejects.toMatchObject(refusal);
    expect(calls).toHaveLength(1);
  });

  test('one that failed has done nothing: who waits for it does it', async () => {
    const { calls, work, open: finish } = gated('done');
    const first = processOf().once(request, work);
    await expect.poll(() => calls.length).toBe(1);
    const second = processOf().once(request, work);
    calls[0]?.reject(new Error('refused'));
    await expect(first).rejects.toThrow('refused');
    await expect.poll(() => calls.length).toBe(2);
    finish();
    expect(await second).toEqual({ result: 'done', repeated: false });
  });

  test('what a dead process had begun is done by the next after 15 seconds, and the dead one’s late answer does not count', async () => {
    const dead = gated('late');
    const first = processOf({ leases: { length: 15_000, renewal: 1_000_000 } }).once(request, dead.work);
    await expect.poll(() => dead.calls.length).toBe(1);
    clock.advance(14_999);
    const next = gated('next');
    const second = processOf().once(request, next.work);
    await clockTick();
    expect(next.calls).toHaveLength(0);
    clock.advance(1);
    await expect.poll(() => next.calls.length).toBe(1);
    dead.open();
    await first;
    next.open();
    expect(await second).toEqual({ result: 'next', repeated: false });
    expect(await processOf().once(request, next.work)).toEqual({ result: 'next', repeated: true });
  });

  test('slow work keeps its claim', async () => {
    const leases = { length: 500, renewal: 50 };
    const { calls, work, open: finish } = gated('done');
    const until = performance.now() + 1_500;
    const first = processOf({ clock: systemClock, leases }).once(request, work);
    const second = processOf({ clock: systemClock, leases }).once(request, work);
    await expect.poll(() => performance.now() > until, { timeout: 60_000 }).toBe(true);
    finish();
    expect((await Promise.all([first, second])).map(({ result }) => result)).toEqual(['done', 'done']);
    expect(calls).toHaveLength(1);
  });

  test('who waits stops when its client has gone', async () => {
    const { calls, work, open: finish } = gated('done');
    const first = processOf().once(request, work);
    await expect.poll(() => calls.length).toBe(1);
    const gone = new AbortController();
    const second = processOf().once({ ...request, signal: gone.signal }, work);
    gone.abort();
    await expect(second).rejects.toThrow();
    finish();
    await first;
  });

  test('a key counts within its tenant and for its subject only', async () => {
    const asked = [request, { ...request, subject: 'user:2' }, { ...request, tenant: neighbour }];
    const process = processOf();
    for (const [index, one] of asked.entries()) {
      expect(await process.once(one, async () => index)).toEqual({ result: index, repeated: false });
    }
    for (const [index, one] of asked.entries()) {
      expect(await process.once(one, async () => 'again')).toEqual({ result: index, repeated: true });
    }
  });

  test('an answer is kept for 24 hours, and then deleted by a job', async () => {
    const process = processOf();
    await process.once(request, async () => 'first');
    expect(planned).toEqual([{ tenant, startAfter: 25 * 60 * 60 + 60 }]);
    await process.once({ ...request, key: `${request.key}-other` }, async () => 'other');
    expect(planned).toHaveLength(1);
    clock.advance(DAY_MS - 1);
    expect(await process.once(request, async () => 'second')).toMatchObject({ result: 'first' });
    clock.advance(1);
    expect(await process.once(request, async () => 'second')).toEqual({ result: 'second', repeated: false });
    await process.jobs[0]?.handle({ tenant } as never, { signal: request.signal } as JobContext);
    const left = await inTenant(db.database, tenant, (trx) =>
      trx.selectFrom('repeatable_request').select(['key', 'expires_at']).execute(),
    );
    expect(left.filter(({ key }) => key.startsWith(request.key))).toEqual([
      { key: request.key, expires_at: expect.any(Date) },
    ]);
    expect(left.every(({ expires_at }) => expires_at > clock.now())).toBe(true);
  });

  test('no answer is stored as it was, and without the secret none can be read', async () => {
    const answer = { key: 'pk_0123456789abcdef_a-secret-that-is-told-once' };
    await processOf().once(request, async () => answer);
    const row = await inTenant(db.database, tenant, (trx) =>
      trx.selectFrom('repeatable_request').selectAll().where('key', '=', request.key).executeTakeFirstOrThrow(),
    );
    const stored = Buffer.from(row.answer ?? []);
    expect(stored.length).toBeGreaterThan(JSON.stringify(answer).length);
    expect(JSON.stringify(row) + stored.toString('latin1')).not.toMatch(/pk_|told-once/);
    const changed = processOf({ secretKey: 'another-secret-than-the-first-one' });
    await expect(changed.once(request, async () => answer)).rejects.toMatchObject({
      definition: { code: 'ERR_IDEMPOTENCY_002' },
    });
    // Copied to another row, it stays closed.
    await inTenant(db.database, tenant, (trx) =>
      trx
        .insertInto('repeatable_request')
        .values({ ...row, subject: 'user:thief' })
        .execute(),
    );
    await expect(processOf().once({ ...request, subject: 'user:thief' }, async () => answer)).rejects.toMatchObject({
      definition: { code: 'ERR_IDEMPOTENCY_002' },
    });
  });
});
