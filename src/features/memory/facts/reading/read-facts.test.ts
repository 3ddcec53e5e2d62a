import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../../test/support/databases.ts';
import { startMemory, type TestMemory } from '../../../../../test/support/memory.ts';
import { makeTenant, principalIn } from '../../../../../test/support/tenants.ts';
import { ModelError } from '../../../../ai/chat-model.ts';
import { gate, type Script, type ScriptedModel, scriptedModel } from '../../../../ai/fakes.ts';
import type { Principal } from '../../../identity/index.ts';
import { inTenant, type Tenant } from '../../../tenancy/index.ts';
import { memorySettings } from '../../memory-settings.schema.ts';

const never = new AbortController().signal;

describe.each(testDatabases())('facts by a model on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let app: TestMemory;
  let tenant: Tenant;
  let ann: Principal;
  let model: ScriptedModel;
  let isOn = true;

  beforeAll(async () => {
    db = await open();
    app = await startMemory(db.database, {
      settings: {
        read: async (_tenant, setting) =>
          setting.key === memorySettings.fact_model.key && isOn ? ('fake/scripted' as never) : setting.fallback,
      },
      factModel: () => model,
    });
    tenant = await makeTenant(db.database);
  });
  afterAll(async () => {
    await app.memory.reading.settled();
    await app.stop();
    await db.close();
  });
  beforeEach(() => {
    ann = principalIn(tenant);
    isOn = true;
    answers('{"facts":[]}');
  });

  function answers(...scripts: (string | Script)[]): void {
    model = scriptedModel((_request, call) => {
      const script = scripts[Math.min(call, scripts.length - 1)] ?? [];
      return typeof script === 'string' ? [script] : script;
    });
  }
  const say = async (content: string, created_at: string, role: 'user' | 'assistant' = 'user') =>
    (await app.memory.messages.create(ann, { role, content, created_at })).memory;
  const read = () => app.memory.reading.read(tenant, never);
  const known = async (history = false) => (await app.memory.facts.list(ann, { history })).data;
  const fact = (value: string, quote: string, more = {}) => ({ message: 1, attribute: 'home', value, quote, ...more });
  const answer = (...facts: unknown[]) => JSON.stringify({ facts });
  const waiting = async () =>
    (await inTenant(db.database, tenant, (trx) => trx.selectFrom('memory_fact_reading').selectAll().execute())).length;

  test('are read afterwards, with their source; a later one supersedes', async () => {
    const first = await say('We settled in Oslo.', '2026-06-01T00:00:00Z');
    const second = await say('These days Bergen is where our flat is.', '2026-06-02T00:00:00Z');
    expect(await known()).toEqual([]);
    answers(answer(fact('Oslo', 'settled in Oslo'), fact('Bergen', 'Bergen is where our flat is', { message: 2 })));
    expect(await read()).toEqual({ left: false });
    expect(await known()).toMatchObject([
      {
        attribute: 'home',
        value: 'Bergen',
        origin: 'model',
        message_id: second.id,
        quote: 'Bergen is where our flat is',
      },
    ]);
    expect((await known(true)).map(({ value, valid_to, message_id }) => [value, valid_to, message_id])).toContainEqual([
      'Oslo',
      second.created_at,
      first.id,
    ]);
    expect(await waiting()).toBe(0);
    expect(await read()).toEqual({ left: false });
    expect(model.requests).toHaveLength(1);
  });

  test.each([
    ['is no JSON', 'You live in Oslo.'],
    ['names a message that does not exist', answer(fact('Oslo', 'settled in Oslo', { message: 7 }))],
  ])('an answer that %s teaches nothing, and after three of them the message is left alone', async (_, bad) => {
    await say('We settled in Oslo.', '2026-06-01T00:00:00Z');
    answers(bad);
    await read();
    expect(await known()).toEqual([]);
    expect(model.requests).toHaveLength(3);
    expect(await waiting()).toBe(0);
  });

  test('a message whose neighbours make the model fail is read alone', async () => {
    await say('We settled in Oslo.', '2026-06-01T00:00:00Z');
    await say('The weather is fine in here today.', '2026-06-01T00:00:01Z');
    answers('not JSON', answer(fact('Oslo', 'settled in Oslo')), answer());
    await read();
    expect((await known()).map(({ value }) => value)).toEqual(['Oslo']);
    expect(model.requests).toHaveLength(3);
  });

  test('a model that is away is asked again later, and nothing is lost', async () => {
    await say('We settled in Oslo.', '2026-06-01T00:00:00Z');
    answers([{ fail: new ModelError('unavailable', 'away') }], answer(fact('Oslo', 'settled in Oslo')));
    expect(await read()).toEqual({ left: true });
    expect(await read()).toEqual({ left: false });
    expect((await known()).map(({ value }) => value)).toEqual(['Oslo']);
  });

  test('what was forgotten while the model read teaches nothing', async () => {
    const { id } = await say('We settled in Oslo.', '2026-06-01T00:00:00Z');
    const pause = gate();
    answers([{ gate: pause }, answer(fact('Oslo', 'settled in Oslo'))]);
    const reading = read();
    await pause.reached;
    await app.memory.messages.remove(ann, id);
    pause.open();
    await reading;
    expect(await known(true)).toEqual([]);
    expect(await waiting()).toBe(0);
  });

  test('reads what people say themselves: no answers, no small talk, nothing that came out of memory', async () => {
    await say('You settled in Rome.', '2026-06-01T00:00:00Z', 'assistant');
    await say('Thanks!', '2026-06-01T00:00:01Z');
    await say('I see.\n<memories>\nYou live in Rome.\n</memories>\nThe lake froze over.', '2026-06-01T00:00:02Z');
    answers(answer(fact('Rome', 'You live in Rome')));
    await read();
    expect(await known()).toEqual([]);
    expect(model.requests).toHaveLength(1);
    const asked = model.requests[0]?.messages[0]?.content ?? '';
    expect(JSON.parse(asked).messages).toHaveLength(1);
    expect(asked).not.toContain('Rome');
  });

  test('what a rule has read stays, and what a person wrote down later, too', async () => {
    await say('I live in Oslo.', '2026-06-01T00:00:00Z');
    answers(answer(fact('live', 'I live in Oslo')));
    await read();
    expect(await known()).toMatchObject([{ value: 'Oslo', origin: 'rule' }]);
    await app.memory.facts.create(ann, { attribute: 'home', value: 'Moss' });
    await say('We settled in Hamar.', '2026-06-02T00:00:00Z');
    answers(answer(fact('Hamar', 'settled in Hamar')));
    await read();
    expect(await known()).toMatchObject([{ value: 'Moss', origin: 'person' }]);
  });

  test('without the setting no message waits for a model', async () => {
    isOn = false;
    await say('We settled in Oslo.', '2026-06-01T00:00:00Z');
    expect(await waiting()).toBe(0);
    expect(await read()).toEqual({ left: false });
    expect(model.requests).toEqual([]);
  });
});
