import fc from 'fast-check';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { RunWorld } from '../../../../test/support/runs/run-world.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';

/**
 * Whatever happens, in whatever order: what must hold of runs is in `RunWorld`. For a long search:
 * RUN_MODEL_CASES=500 RUN_MODEL_SEED=… npx vitest run src/features/chat/run/run-model.test.ts
 */
const CASES = Number(process.env.RUN_MODEL_CASES ?? 6);
const SEED = Number(process.env.RUN_MODEL_SEED ?? 3);
const CASE_MS = 25_000;
const SESSIONS = 3;

const choice = fc.nat({ max: 5 });
const act = <Name extends string>(name: Name, weight: number) => ({
  weight,
  arbitrary: fc.record({ act: fc.constant(name), run: choice, worker: choice, place: fc.nat({ max: 100 }) }),
});

const history = fc.array(
  fc.oneof(
    act('ask', 6),
    act('say', 8),
    act('stop', 2),
    act('garbage', 1),
    act('call-client', 2),
    act('call-server', 2),
    act('answer', 3),
    act('cancel', 1),
    act('follow', 4),
    act('leave', 2),
    act('crash', 2),
    act('hold', 2),
    act('release', 2),
    act('start', 1),
    act('let-time-pass', 3),
  ),
  { minLength: 10, maxLength: 40, size: 'max' },
);

type Act = { act: string; run: number; worker: number; place: number };

async function play(world: RunWorld, { act: name, run: runChoice, worker, place }: Act, alone: boolean): Promise<void> {
  const run = world.runs.at(-1 - (runChoice % Math.max(world.runs.length, 1)));
  const open = world.openWorkers;
  switch (name) {
    case 'ask':
      return world.ask(place, worker);
    case 'say':
      return run?.answer.say();
    case 'stop':
      return run?.answer.stop();
    case 'garbage':
      return run?.answer.fail();
    case 'call-client':
      return void run?.answer.call('client');
    case 'call-server':
      return void run?.answer.call('act');
    case 'answer':
      return run && world.answerCalls(run, worker);
    case 'cancel':
      return run && world.cancel(run, worker);
    case 'follow': {
      const known = Math.max(
        0,
        ...world.clients.filter((client) => client.run === run).map(({ position }) => position),
      );
      return run && world.follow(run, Math.floor((known * place) / 100), worker);
    }
    case 'leave':
      return world.clients[place % Math.max(world.clients.length, 1)]?.leave.abort();
    case 'crash':
      return open[worker % Math.max(open.length, 1)]?.line.cut();
    // The embedded database has one process: no other could have gone on meanwhile.
    case 'hold':
      return alone ? undefined : open[worker % Math.max(open.length, 1)]?.line.hold();
    case 'release':
      return world.workers[worker % Math.max(world.workers.length, 1)]?.line.release();
    case 'start':
      if (alone ? open.length === 0 : open.length < 3) await world.startWorker();
      return;
    default:
      // Up to a lease, so that takeovers happen in the middle as well.
      return new Promise((resolve) => setTimeout(resolve, place * 6));
  }
}

describe.each(testDatabases())('runs against a model of them, on the $kind database', ({ open, kind }) => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());

  test('end, each event once and in order, whatever happens to workers and clients', {
    timeout: CASES * CASE_MS,
  }, async () => {
    const happens = fc.asyncProperty(history, async (acts) => {
      const tenant = await makeTenant(db.database);
      const world = new RunWorld(db.database, principalIn(tenant));
      await world.openSessions(SESSIONS);
      for (const one of acts) await play(world, one, kind === 'embedded');
      await world.settle();
      await world.close();
    });
    await fc.assert(happens, { numRuns: CASES, seed: SEED, endOnFailure: process.env.RUN_MODEL_SHRINK !== 'true' });
  });
});
