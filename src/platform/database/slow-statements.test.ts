import { expect, test } from 'vitest';
import { type SlowStatement, StatementTimes } from './slow-statements.ts';

function watched() {
  const told: SlowStatement[] = [];
  let now = 0;
  const times = new StatementTimes({ over: 50, onSlow: (statement) => told.push(statement) }, () => now);
  /** Sends statements together, and answers each at its time. */
  async function send(...statements: readonly { text: string; at: number; fails?: boolean }[]) {
    const answers = statements.map(({ text }) => {
      const answer = Promise.withResolvers<void>();
      times.watch(text, answer.promise);
      return answer;
    });
    for (const [place, { at, fails }] of statements.entries()) {
      now = at;
      if (fails) answers[place]?.reject(new Error('refused'));
      else answers[place]?.resolve();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return { told, send };
}

test('what stands behind a slow statement is not slow itself', async () => {
  const { told, send } = watched();
  await send(
    { text: 'BEGIN', at: 2 },
    { text: 'SELECT slow', at: 90 },
    { text: 'SELECT quick', at: 95 },
    { text: 'COMMIT', at: 150 },
  );
  expect(told).toEqual([
    { text: 'SELECT slow', milliseconds: 88, failed: false },
    { text: 'COMMIT', milliseconds: 55, failed: false },
  ]);
});

test('one that fails late is told as failed, and a long text is cut', async () => {
  const { told, send } = watched();
  await send({ text: `SELECT ${'x'.repeat(5_000)}`, at: 60, fails: true });
  expect(told).toMatchObject([{ milliseconds: 60, failed: true, text: expect.stringMatching(/^SELECT x{1993}…$/) }]);
});

test.each([
  'CREATE TABLE a (b int)',
  'BEGIN; ALTER TABLE a ADD c int',
  'VACUUM ANALYZE',
  'create unique index on a (b)',
])('%s may take as long as it does', async (text) => {
  const { told, send } = watched();
  await send({ text, at: 5_000 });
  expect(told).toEqual([]);
});
