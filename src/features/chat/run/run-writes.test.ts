import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { startRunWorker } from '../../../../test/support/runs/run-worker.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';
import type { ChatModel } from '../../../ai/chat-model.ts';
import type { Principal } from '../../identity/index.ts';
import { inTenant } from '../../tenancy/index.ts';

describe.each(testDatabases())('what a run writes on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let somebody: Principal;

  beforeAll(async () => {
    db = await open();
    somebody = principalIn(await makeTenant(db.database));
  });
  afterAll(() => db.close());

  /** A run of this model, to its end: its id and what was said. */
  async function runOf(model: ChatModel): Promise<{ id: string; said: string }> {
    const chat = await startRunWorker(db.database, model);
    try {
      const session = await chat.sessions.create(somebody, {});
      const { id } = await chat.runs.create(somebody, session.id, { input: 'x' });
      let said = '';
      for await (const lines of await chat.runs.follow(somebody, id, 0, new AbortController().signal))
        for (const { json } of lines) said += (JSON.parse(json) as { delta?: string }).delta ?? '';
      return { id, said };
    } finally {
      await chat.engine.stop(0);
    }
  }

  test('the first word waits for no other; later ones may gather for as long as a few writes take', async () => {
    const asked: (number | undefined)[] = [];
    const isShort = (ms: number) => ms > 0 && ms <= 100;
    const { said } = await runOf({
      id: 'fake/asking',
      async *stream({ gatherMs }) {
        for (const delta of ['Hel', 'lo']) {
          asked.push(gatherMs?.());
          yield [{ type: 'text-delta', delta }];
        }
        asked.push(gatherMs?.());
        yield [{ type: 'finish', reason: 'stop', usage: null }];
      },
    });
    expect(said).toBe('Hello');
    expect(asked).toEqual([0, expect.toSatisfy(isShort), expect.toSatisfy(isShort)]);
  });

  test('the run’s end is written with the last words', async () => {
    const { id, said } = await runOf({
      id: 'fake/at-once',
      async *stream() {
        yield [
          { type: 'text-delta', delta: 'Hello' },
          { type: 'finish', reason: 'stop', usage: null },
        ];
      },
    });
    expect(said).toBe('Hello');
    const stretches = await inTenant(db.database, somebody.tenant, (trx) =>
      trx.selectFrom('run_event').select('first_seq').where('run_id', '=', id).orderBy('first_seq').execute(),
    );
    // The first is `run-start`, which is written with the run.
    expect(stretches.map(({ first_seq }) => first_seq)).toEqual([1, 2]);
  });
});
