import { CompiledQuery } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../test/support/databases.ts';
import { startRedis, type TestRedis } from '../../../test/support/redis.ts';
import { type SeverableDatabase, severable } from '../../../test/support/runs/severable-database.ts';
import { type ServedApp, startApp } from '../../../test/support/served-app.ts';
import { systemClock } from '../../platform/clock.ts';
import type { OutsideState } from '../../platform/resilience/outside.ts';
import { createHealthService } from './health.service.ts';
import type { Check } from './health-check.ts';
import { diskCheck, embedderCheck, providersCheck } from './health-checks.ts';

const { signal } = new AbortController();

describe('health over HTTP', () => {
  const kind = testDatabases().at(-1);
  let db: TestDatabase;
  let way: SeverableDatabase;
  let redis: TestRedis;
  let served: ServedApp;

  beforeAll(async () => {
    db = (await kind?.open()) as TestDatabase;
    way = severable(db.database);
    redis = await startRedis();
    served = await startApp({ ...db, database: way.database }, { settings: { REDIS_URL: redis.url } });
    await served.services.redis?.connect();
  }, 240_000);
  afterAll(async () => {
    way.release();
    await served.stop();
    served.services.redis?.close();
    await redis[Symbol.asyncDispose]();
    await db.close();
  });

  const statusOf = async (path: string) => (await fetch(served.url + path)).status;
  const script = (text: string) => db.database.execute(text);
  let taken: unknown;

  test.each([
    {
      name: 'database',
      needed: true,
      breakIt: async () => way.hold(),
      mendIt: async () => way.release(),
    },
    {
      name: 'migrations',
      needed: true,
      breakIt: async () => {
        const text = `DELETE FROM platform.schema_migration WHERE id = (SELECT max(id) FROM platform.schema_migration) RETURNING *`;
        taken = (await script(text)).rows[0];
      },
      mendIt: async () => {
        const { id, checksum } = taken as { id: string; checksum: string };
        const query = CompiledQuery.raw('INSERT INTO platform.schema_migration (id, checksum) VALUES ($1, $2)', [
          id,
          checksum,
        ]);
        await db.database.db.executeQuery(query);
      },
    },
    {
      name: 'queue',
      needed: false,
      breakIt: async () => void (await script('ALTER TABLE pgboss.queue RENAME TO queue_away')),
      mendIt: async () => void (await script('ALTER TABLE pgboss.queue_away RENAME TO queue')),
    },
    { name: 'redis', needed: false, breakIt: () => redis.kill(), mendIt: () => redis.start() },
  ])('tells that the $name is broken, and that it is back', async ({ name, needed, breakIt, mendIt }) => {
    const is = (ready: number, health: number) => async () =>
      expect([await statusOf('/ready'), await statusOf('/health'), await statusOf('/health/live')]).toEqual([
        ready,
        health,
        200,
      ]);
    const within = { timeout: 60_000 };
    await expect
      .poll(
        () =>
          is(200, 200)().then(
            () => true,
            () => false,
          ),
        within,
      )
      .toBe(true);
    await breakIt();
    await expect
      .poll(
        () =>
          is(needed ? 503 : 200, 503)().then(
            () => true,
            () => false,
          ),
        within,
      )
      .toBe(true);
    const answer = (await (await fetch(`${served.url}/ready`)).json()) as { checks: Record<string, string> };
    expect(answer.checks[name]).toBe('failed');
    await mendIt();
    await expect
      .poll(
        () =>
          is(200, 200)().then(
            () => true,
            () => false,
          ),
        within,
      )
      .toBe(true);
  });
});

describe('a check', () => {
  const healthOf = (...checks: Check[]) => {
    const database = { execute: async () => ({ rows: [] }) } as never;
    return createHealthService({ database, clock: systemClock, version: '1', redisConfigured: false, checks });
  };

  test('that does not answer has failed after two seconds, and is told to stop', async () => {
    let stopped = false;
    const run = (stop: AbortSignal) => new Promise<void>(() => stop.addEventListener('abort', () => (stopped = true)));
    const { slow, database } = await healthOf({ name: 'slow', run }).results();
    expect(slow).toMatchObject({ state: 'failed', reason: 'no answer within 2000 ms' });
    expect(database?.state).toBe('ok');
    expect(stopped).toBe(true);
  });

  test('is tried once for all that ask within a second, and anew after it', async () => {
    let tries = 0;
    const run = async () => {
      tries += 1;
      if (tries === 1) throw new Error('ill');
    };
    const health = healthOf({ name: 'it', run });
    const answers = await Promise.all([health.results(), health.results(), health.checks()]);
    expect(tries).toBe(1);
    expect(answers[0]?.it).toMatchObject({ state: 'failed', reason: 'ill', weight: 'needed' });
    await expect.poll(async () => (await health.checks()).it, { timeout: 60_000 }).toBe('ok');
  });

  test('of services outside follows their circuits, and is told to operators only', async () => {
    let states: OutsideState[] = [];
    const read = () => states;
    const state = (name: string, kind: OutsideState['kind'], circuit: OutsideState['circuit']): OutsideState => {
      return { name, kind, circuit, active: 0, waiting: 0 };
    };
    const [providers, embedder] = [providersCheck(read), embedderCheck('embedding', read)];
    await providers.run(signal);
    states = [state('model:openai', 'model', 'open'), state('model:embedding', 'model', 'closed')];
    await expect(providers.run(signal)).rejects.toThrow('model:openai: the last calls failed');
    await embedder.run(signal);
    states = [state('model:openai', 'model', 'closed'), state('model:embedding', 'model', 'half-open')];
    await expect(embedder.run(signal)).rejects.toThrow('model:embedding');
    const health = healthOf(providers, embedder);
    expect(await health.checks()).toEqual({ database: 'ok' });
    expect((await health.results()).embedder).toMatchObject({ state: 'failed', weight: 'outside' });
    expect(health.isDispensable('embedder')).toBe(true);
    states = [];
    await Promise.all([providers.run(signal), embedder.run(signal)]);
  });

  test('of the disk fails when little is free', async () => {
    const free = (bavail: number) => diskCheck('/data', true, (async () => ({ bavail, bsize: 4096 })) as never);
    await expect(free(1_000).run(signal)).rejects.toThrow('3 MB are free on the disk of /data');
    await free(100_000).run(signal);
    await diskCheck('/nowhere/at/all', false).run(signal);
    expect([free(1).weight, diskCheck('/', false).weight]).toEqual(['needed', 'dispensable']);
  });
});
