import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ConnectionGate, type Outage } from './connection-gate.ts';
import { DatabaseAwayError, isConnectFailure, isDatabaseAway } from './failures.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A server behind a gate, and everybody who asks for it. */
function guarded() {
  const told: { away: Outage[]; back: Outage[]; turns: boolean[] } = { away: [], back: [], turns: [] };
  const gate = new ConnectionGate({
    onAway: (outage) => told.away.push(outage),
    onBack: (outage) => told.back.push(outage),
    onTurn: (refuses) => told.turns.push(refuses),
  });
  const attempts: ((error?: Error | null) => void)[] = [];
  const ask = () =>
    new Promise<Error | null>((resolve) => {
      gate.pass(
        (done) => attempts.push(done),
        (error) => resolve(error ?? null),
      );
    });
  /** Asks every 5 ms for so long, each attempt failing at once. */
  const storm = async (ms: number): Promise<number> => {
    const before = attempts.length;
    for (let passed = 0; passed < ms; passed += 5) {
      const asked = ask();
      attempts.at(-1)?.(wrongPassword());
      attempts.splice(-1, 1, () => undefined);
      await asked;
      vi.advanceTimersByTime(5);
    }
    return attempts.length - before;
  };
  return { gate, told, attempts, ask, storm };
}

const wrongPassword = () => Object.assign(new Error('password authentication failed'), { code: '28P01' });

test('whatever asks, a server that fails is tried at growing distances, every two seconds at last', async () => {
  const { storm } = guarded();
  // At 0, 0.1, 0.3, 0.7, 1.5 and 3.1 s, each wait a quarter less or more.
  const first = await storm(3_000);
  expect(first).toBeGreaterThanOrEqual(5);
  expect(first).toBeLessThanOrEqual(7);
  await storm(3_000);
  const later = await storm(60_000);
  expect(later).toBeGreaterThanOrEqual(24);
  expect(later).toBeLessThanOrEqual(41);
});

test('who is not let try is refused at once, by the reason of the last failure', async () => {
  const { ask, attempts } = guarded();
  const tried = ask();
  attempts[0]?.(wrongPassword());
  expect(await tried).toMatchObject({ code: '28P01', message: 'password authentication failed' });
  const refused = await ask();
  expect(refused).toBeInstanceOf(DatabaseAwayError);
  expect(refused).toMatchObject({ code: '28P01', message: expect.stringContaining('password authentication failed') });
  for (const error of [await tried, refused]) {
    expect(isConnectFailure(error)).toBe(true);
    expect(isDatabaseAway(error)).toBe(true);
  }
  // As pg-boss passes it on.
  expect(isConnectFailure(Object.assign(new Error('x'), { ...refused }))).toBe(true);
  expect(attempts.length).toBe(1);
});

test('one attempt is under way at a time, however long it hangs', async () => {
  const { ask, attempts } = guarded();
  void ask();
  attempts[0]?.(wrongPassword());
  vi.advanceTimersByTime(10_000);
  void ask();
  expect(attempts.length).toBe(2);
  vi.advanceTimersByTime(10_000);
  expect(await ask()).toBeInstanceOf(DatabaseAwayError);
  expect(attempts.length).toBe(2);
});

test('connections that set out together and fail together are one attempt', async () => {
  const { ask, attempts } = guarded();
  for (let each = 0; each < 20; each += 1) void ask();
  expect(attempts.length).toBe(20);
  for (const done of attempts) done(wrongPassword());
  // Not 20 doublings: it is tried again after the shortest wait.
  vi.advanceTimersByTime(130);
  void ask();
  expect(attempts.length).toBe(21);
});

test('the first success lets all through at once, and waits are short again', async () => {
  const { ask, attempts, storm, told } = guarded();
  await storm(10_000);
  vi.advanceTimersByTime(2_500);
  const back = ask();
  attempts.at(-1)?.(null);
  expect(await back).toBeNull();
  const before = attempts.length;
  for (let each = 0; each < 5; each += 1) void ask();
  expect(attempts.length - before).toBe(5);
  for (const done of attempts.slice(before)) done(null);
  expect(told.back).toHaveLength(1);
  expect(told.turns.at(-1)).toBe(false);
  void ask();
  attempts.at(-1)?.(wrongPassword());
  vi.advanceTimersByTime(130);
  expect(told.turns.at(-1)).toBe(false);
});

test('the loss is told at once and every half minute, with counts; the return once', async () => {
  const { ask, attempts, storm, told } = guarded();
  await storm(100_000);
  expect(told.away.length).toBeGreaterThanOrEqual(3);
  expect(told.away.length).toBeLessThanOrEqual(4);
  expect(told.away[0]).toMatchObject({ attempts: 1, refused: 0, seconds: 0, error: { code: '28P01' } });
  expect(told.away[1]?.refused).toBeGreaterThan(5_000);
  expect(told.away[1]?.seconds).toBeGreaterThanOrEqual(30);
  vi.advanceTimersByTime(2_500);
  void ask();
  attempts.at(-1)?.(null);
  expect(told.back).toEqual([expect.objectContaining({ attempts: expect.any(Number) })]);
  expect(told.back[0]?.seconds).toBeGreaterThan(100);
});

test('a server that fails now and then is told of no more often', async () => {
  const { ask, attempts, told } = guarded();
  for (let times = 0; times < 100; times += 1) {
    for (const error of [wrongPassword(), null]) {
      void ask();
      attempts.at(-1)?.(error);
      vi.advanceTimersByTime(150);
    }
  }
  expect(attempts.length).toBe(200);
  expect([told.away.length, told.back.length]).toEqual([1, 1]);
  vi.advanceTimersByTime(30_000);
  void ask();
  attempts.at(-1)?.(wrongPassword());
  expect(told.away.length).toBe(2);
});

test('a server that has never failed is not told of', async () => {
  const { ask, attempts, told } = guarded();
  void ask();
  attempts[0]?.(null);
  expect(told).toEqual({ away: [], back: [], turns: [] });
});
