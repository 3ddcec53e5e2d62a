import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';
import { logUntil, NEVER_RENEWED, startToolChat, wholeLog } from '../../../../test/support/tool-runs.ts';
import { gate, scriptedModel } from '../../../ai/fakes.ts';
import type { Principal } from '../../identity/index.ts';
import { assertFormat } from './answer-format.ts';

const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const format = { type: 'json_schema', name: 'place', schema } as const;

test.each([
  ['{"city":"Oslo"}', null],
  ['{"city":7}', 'city must be string'],
  ['{}', 'city'],
  ['Oslo', 'cannot be read'],
  ['', 'cannot be read'],
])('%j against a schema: %j', (text, fault) => {
  const check = () => assertFormat(format, text);
  if (fault === null) expect(check).not.toThrow();
  else expect(check).toThrow(fault);
});

test.each(['[1]', '"x"', 'null', '7'])('%s is JSON, but no object', (text) => {
  expect(() => assertFormat({ type: 'json' }, text)).toThrow('no object');
});

let db: TestDatabase;
let somebody: Principal;

beforeAll(async () => {
  db = await (testDatabases().at(-1) as ReturnType<typeof testDatabases>[number]).open();
  somebody = principalIn(await makeTenant(db.database));
});
afterAll(() => db.close());

test('JSON that a worker left half-written is dropped and said again: no mode begins in its middle', async () => {
  const stuck = gate();
  const dead = await startToolChat(db.database, scriptedModel(['{"city":', { gate: stuck }]), {
    leaseTimes: NEVER_RENEWED,
  });
  const session = await dead.sessions.create(somebody, {});
  const run = await dead.runs.create(somebody, session.id, { input: 'Where?', answer_format: format });
  await stuck.reached;
  await logUntil(dead, somebody, run.id, 'text-delta');
  const model = scriptedModel(['{"city":"Oslo"}']);
  const heir = await startToolChat(db.database, model);
  const events = await wholeLog(heir, somebody, run.id);
  expect(model.requests[0]?.partialAnswer).toBeUndefined();
  expect(events.map(({ type }) => type)).toContain('text-reset');
  expect(events.at(-1)).toMatchObject({ status: 'completed', message: { content: '{"city":"Oslo"}' } });
  stuck.open();
  await dead.engine.stop(0);
  await heir.engine.stop(0);
});
