import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { startRedis, type TestRedis } from '../../../test/support/redis.ts';
import { createRedis, type RedisConnection } from '../redis/redis.ts';
import { createLimiter, type Limit, type Verdict } from './limiter.ts';

const limit: Limit = { name: 'test', quota: 3, windowSeconds: 60, growing: false };

async function connect(redis: TestRedis): Promise<RedisConnection> {
  const connection = createRedis(redis.url, pino({ enabled: false }));
  onTestFinished(() => connection.close());
  await connection.connect();
  return connection;
}

function allowedOf(verdicts: readonly Verdict[]): number {
  return verdicts.filter(({ allowed }) => allowed).length;
}

const together = <T>(count: number, act: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => act(index)));

describe('in memory', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('a key has its quota in a window, and again after it', async () => {
    const limiter = createLimiter(limit, null);
    const verdicts = await together(4, () => limiter.take('a'));
    expect(verdicts.map(({ allowed, remaining }) => [allowed, remaining])).toEqual([
      [true, 2],
      [true, 1],
      [true, 0],
      [false, 0],
    ]);
    expect(verdicts.at(-1)?.resetAfter).toBe(60_000);
    expect((await limiter.take('b')).allowed).toBe(true);
    vi.advanceTimersByTime(59_999);
    expect(await limiter.take('a')).toMatchObject({ allowed: false, resetAfter: 1 });
    vi.advanceTimersByTime(1);
    expect(await limiter.take('a')).toMatchObject({ allowed: true, remaining: 2 });
  });

  test('the wait doubles with each overdrawn window, up to 15 minutes, and is forgotten after an hour', async () => {
    const limiter = createLimiter({ ...limit, growing: true }, null);
    const waits: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      const last = (await together(5, () => limiter.take('a'))).at(3);
      waits.push((last?.resetAfter ?? 0) / 1_000);
      vi.advanceTimersByTime((last?.resetAfter ?? 0) - 1);
      expect(await limiter.take('a')).toMatchObject({ allowed: false, resetAfter: 1 });
      vi.advanceTimersByTime(1);
    }
    expect(waits).toEqual([60, 120, 240, 480, 900, 900]);
    vi.advanceTimersByTime(3_600_000);
    expect((await together(4, () => limiter.take('a'))).at(3)?.resetAfter).toBe(60_000);
  });

  test('to go on asking neither shortens nor lengthens a wait', async () => {
    const limiter = createLimiter({ ...limit, growing: true }, null);
    await together(4, () => limiter.take('a'));
    vi.advanceTimersByTime(30_000);
    expect((await together(50, () => limiter.take('a'))).every(({ resetAfter }) => resetAfter === 30_000)).toBe(true);
    vi.advanceTimersByTime(30_000);
    expect((await limiter.take('a')).allowed).toBe(true);
  });
});

describe('in Redis', () => {
  test('two processes share their counts, exactly, however many ask at once', async () => {
    await using redis = await startRedis();
    const quota = 100;
    const one = createLimiter({ ...limit, quota }, await connect(redis));
    const other = createLimiter({ ...limit, quota }, await connect(redis));
    const verdicts = await together(400, (index) => (index % 2 ? one : other).take('a'));
    expect(allowedOf(verdicts)).toBe(quota);
  });

  test('counts outlive the process that counted', async () => {
    await using redis = await startRedis();
    const before = await connect(redis);
    await together(3, () => createLimiter(limit, before).take('a'));
    before.close();
    const verdict = await createLimiter(limit, await connect(redis)).take('a');
    expect(verdict).toMatchObject({ allowed: false, remaining: 0 });
    expect(verdict.resetAfter).toBeGreaterThan(50_000);
  });

  test('the wait that grows is shared, too', async () => {
    await using redis = await startRedis();
    const growing = { ...limit, windowSeconds: 1, growing: true };
    const one = createLimiter(growing, await connect(redis));
    const other = createLimiter(growing, await connect(redis));
    expect((await together(4, () => one.take('a'))).at(3)?.resetAfter).toBe(1_000);
    await expect.poll(() => other.take('a'), { timeout: 60_000 }).toMatchObject({ allowed: true });
    const last = (await together(4, () => other.take('a'))).find(({ allowed }) => !allowed);
    expect(last?.resetAfter).toBe(2_000);
    const seen = await one.take('a');
    expect(seen.allowed).toBe(false);
    expect(seen.resetAfter).toBeGreaterThan(1_000);
  });

  test.each(['killed', 'frozen'] as const)('while it is %s, this process counts by itself', async (how) => {
    await using redis = await startRedis();
    const connection = await connect(redis);
    const limiter = createLimiter({ ...limit, quota: 50 }, connection);
    await limiter.take('before');
    // Asks without a pause from before until after: not one question may fail or go uncounted.
    const verdicts: Verdict[] = [];
    const ask = async () => {
      while (verdicts.length < 2_000) verdicts.push(await limiter.take('during'));
    };
    const asking = Promise.all([ask(), ask(), ask(), ask()]);
    if (how === 'killed') await redis.kill();
    else redis.freeze();
    await asking;
    if (how === 'frozen') redis.thaw();
    // Redis may have counted a quota before it went; this process begins at nothing.
    expect(allowedOf(verdicts)).toBeGreaterThanOrEqual(50);
    expect(allowedOf(verdicts)).toBeLessThanOrEqual(100);
  });

  test('a frozen Redis delays for a moment only, not each question', async () => {
    await using redis = await startRedis();
    const connection = await connect(redis);
    const limiter = createLimiter(limit, connection);
    await limiter.take('before');
    redis.freeze();
    await expect
      .poll(() => limiter.take('a').then(() => connection.client.status), { timeout: 60_000 })
      .not.toBe('ready');
    const began = performance.now();
    for (let count = 0; count < 100; count += 1) await limiter.take('a');
    expect(performance.now() - began).toBeLessThan(5_000);
    redis.thaw();
  });

  test('when it is back, it counts again', async () => {
    await using redis = await startRedis();
    const connection = await connect(redis);
    const limiter = createLimiter(limit, connection);
    await redis.kill();
    await expect(connection.check()).rejects.toThrow();
    await limiter.take('a');
    await redis.start();
    await expect
      .poll(
        () =>
          connection.check().then(
            () => 'ok',
            () => 'away',
          ),
        { timeout: 60_000 },
      )
      .toBe('ok');
    await together(3, () => limiter.take('a'));
    expect(await createLimiter(limit, await connect(redis)).take('a')).toMatchObject({ allowed: false });
  });

  test('one that was never there does not keep a process from starting', async () => {
    const connection = createRedis('redis://127.0.0.1:1', pino({ enabled: false }));
    onTestFinished(() => connection.close());
    await connection.connect();
    const limiter = createLimiter(limit, connection);
    expect(allowedOf(await together(4, () => limiter.take('a')))).toBe(3);
  });
});
