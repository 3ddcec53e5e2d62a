import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { makeTenant } from '../../../../test/support/tenants.ts';
import { entriesOf, FAKE_PRICE, startUsage } from '../../../../test/support/usage.ts';
import { ModelError, type ModelEvent, type ModelRequest } from '../../../ai/chat-model.ts';
import { extractiveModel } from '../../../ai/extractive/extractive-model.ts';
import { gate, hashEmbedder, type Script, scriptedModel } from '../../../ai/fakes.ts';
import { withFallback } from '../../../ai/resilience/with-fallback.ts';
import { newId } from '../../../platform/id.ts';
import { nanosOf } from '../prices/price.ts';
import type { UsageDependencies } from '../usage.ts';
import type { Call } from './meter.ts';
import type { RunTrace } from './run-trace.ts';

const finish = (usage: Extract<ModelEvent, { type: 'finish' }>['usage']): ModelEvent => ({
  type: 'finish',
  reason: 'stop',
  usage,
});
const away = new ModelError('unavailable', 'away');
const never = () => new AbortController().signal;

function request(more: Partial<ModelRequest> = {}): ModelRequest {
  return {
    instructions: null,
    messages: [{ role: 'user', content: 'Hello' }],
    passages: null,
    signal: never(),
    ...more,
  };
}

describe.each(testDatabases())('metered models on the $kind database', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());

  async function start(options: Partial<UsageDependencies> = {}) {
    const tenant = await makeTenant(db.database);
    const usage = startUsage(db.database, options);
    const costs: (number | null)[] = [];
    const call: Call = {
      tenant,
      userId: newId(),
      apiKeyId: null,
      purpose: 'answer',
      settled: (cost) => costs.push(cost),
    };
    const settled = async () => {
      await usage.ledger.drained();
      return entriesOf(db.database, tenant.id);
    };
    const ask = async (script: Script, given: Partial<ModelRequest> = {}) => {
      const model = scriptedModel(script);
      const events = (await Array.fromAsync(usage.meter.model(model, call).stream(request(given)))).flat();
      return { model, events };
    };
    return { tenant, usage, call, ask, settled, costs };
  }

  test('a call is settled at what the provider counted, and its stream ends with the cost', async () => {
    const { ask, settled } = await start();
    const counted = { inputTokens: 100, cachedInputTokens: 40, outputTokens: 50 };
    const { events } = await ask(['Hel', 'lo', finish(counted)]);
    // 60 · 1 + 40 · 0.5 + 50 · 2 micro-dollars.
    expect(events.at(-1)).toEqual({ type: 'finish', reason: 'stop', usage: counted, costUsd: 0.00018 });
    expect(await settled()).toEqual([
      {
        kind: 'settle',
        model: 'fake/scripted',
        purpose: 'answer',
        amount: 0.00018,
        priced: true,
        tokens: [100, 40, 50],
        estimated: false,
      },
    ]);
  });

  test('a provider that counts nothing is settled by estimate', async () => {
    const { ask, settled } = await start();
    const { events } = await ask(['x'.repeat(400), finish(null)]);
    expect(events.at(-1)).toMatchObject({ costUsd: expect.any(Number) });
    expect(await settled()).toMatchObject([{ tokens: [expect.any(Number), 0, 100], estimated: true }]);
  });

  test.each([
    ['a listener that leaves', 'leave'],
    ['an abort', 'abort'],
  ])('%s pays for what came so far, by estimate', async (_who, how) => {
    const { usage, call, settled, costs } = await start();
    const stop = new AbortController();
    const stuck = gate();
    const model = usage.meter.model(scriptedModel(['x'.repeat(80), { gate: stuck }, 'more']), call);
    const reading = (async () => {
      for await (const _ of model.stream(request({ signal: stop.signal }))) if (how === 'leave') break;
    })();
    if (how === 'abort') {
      await stuck.reached;
      stop.abort(new Error('stopped'));
      await expect(reading).rejects.toThrow('stopped');
    } else await reading;
    expect(costs).toEqual([expect.any(Number)]);
    expect(await settled()).toMatchObject([{ tokens: [expect.any(Number), 0, 20], estimated: true }]);
  });

  test('a provider that refuses or is away gets nothing, one that breaks off is paid by estimate', async () => {
    const { ask, settled } = await start();
    await expect(ask([{ fail: away }])).rejects.toThrow('away');
    await expect(ask(['some', { fail: away }])).rejects.toThrow('away');
    expect(await settled()).toMatchObject([
      { amount: 0, tokens: [0, 0, 0], estimated: false },
      { tokens: [expect.any(Number), 0, 1], estimated: true },
    ]);
  });

  test('each model of a fallback is paid at its own price', async () => {
    const { usage, call, settled } = await start({
      prices: [FAKE_PRICE, { ...FAKE_PRICE, model: 'fake/dear', input: 100, output: 100 }],
    });
    const model = withFallback([
      scriptedModel([{ fail: away }]),
      scriptedModel(['Hello', finish({ inputTokens: 10, outputTokens: 10 })], { id: 'fake/dear' }),
    ]);
    await Array.fromAsync(usage.meter.model(model, call).stream(request()));
    expect(await settled()).toMatchObject([
      { model: 'fake/scripted', amount: 0 },
      { model: 'fake/dear', amount: 0.002 },
    ]);
  });

  test('more than was reserved is never said: the bound goes to the provider, whoever set it', async () => {
    const { ask } = await start();
    const bounds = await Promise.all(
      [{}, { maxOutputTokens: 50 }, { maxOutputTokens: 99_999 }].map(async (given) => {
        const { model } = await ask(['Hello'], given);
        return model.requests[0]?.maxOutputTokens;
      }),
    );
    expect(bounds).toEqual([1_000, 50, 10_000]);
  });

  test('a call that no budget has room for reaches nobody, and the refusal says why', async () => {
    const { usage, call, settled, tenant } = await start({ installationLimit: nanosOf(0.001) });
    const model = scriptedModel(['Hello']);
    const asking = Array.fromAsync(usage.meter.model(model, call).stream(request()));
    await expect(asking).rejects.toMatchObject({
      definition: { code: 'ERR_BUDGET_001', kind: 'over-budget' },
      message: expect.stringMatching(
        /^The budget of this tenant, 0.001 USD a day, has no room for this: 0 USD are spent/,
      ),
      options: {
        headers: { 'retry-after': expect.stringMatching(/^\d+$/) },
        extensions: { budget: { period: 'day' } },
      },
    });
    expect(model.requests).toEqual([]);
    expect(await settled()).toEqual([]);
    expect(await entriesOf(db.database, tenant.id, 'reserve')).toEqual([]);
  });

  test('a model without a price reaches nobody, unless it is allowed: then it is recorded without one', async () => {
    const refusing = await start({ prices: [] });
    await expect(refusing.ask(['Hello'])).rejects.toMatchObject({ definition: { code: 'ERR_BUDGET_002' } });
    expect(await refusing.settled()).toEqual([]);
    const allowing = await start({ prices: [], allowsUnpriced: () => true, installationLimit: 0 });
    const { events, model } = await allowing.ask(['Hello']);
    expect(events.at(-1)).toMatchObject({ costUsd: null });
    expect(model.requests[0]).not.toHaveProperty('maxOutputTokens');
    expect(await allowing.settled()).toMatchObject([{ amount: 0, priced: false, tokens: [10, 0, 1] }]);
  });

  test('the built-in model costs nothing and leaves no entry', async () => {
    const { usage, call, settled } = await start({ installationLimit: 0 });
    await Array.fromAsync(usage.meter.model(extractiveModel(), call).stream(request()));
    expect(await settled()).toEqual([]);
  });

  test('vectors are paid, too', async () => {
    const { usage, call, settled } = await start();
    const embedder = usage.meter.embedder(hashEmbedder(), { ...call, purpose: 'document' });
    expect(await embedder.embed(['x'.repeat(40), 'y'.repeat(40)], never())).toHaveLength(2);
    expect(await settled()).toMatchObject([{ model: 'fake/hash-64', purpose: 'document', amount: 0.00002 }]);
  });

  describe('calls of a process that died', () => {
    /** A call that began, and whose process then says nothing more. */
    async function abandon(readTrace: UsageDependencies['readTrace']) {
      const runId = newId();
      const started = await start();
      const call = { ...started.call, run: { id: runId, position: () => 3 } };
      const stream = started.usage.meter.model(scriptedModel(['Hello', { gate: gate() }]), call).stream(request());
      await stream[Symbol.asyncIterator]().next();
      const after = (ms: number) => ({ now: () => new Date(Date.now() + ms) });
      const survivor = (ms: number) => startUsage(db.database, { clock: after(ms), readTrace });
      return { ...started, runId, survivor };
    }
    const trace = (more: Partial<RunTrace> = {}): RunTrace => ({
      ended: true,
      usage: null,
      saidAfter: (position) => (position === 3 ? 'x'.repeat(40) : ''),
      ...more,
    });

    test('are settled by what the log has behind their beginning, when another worker takes the run over', async () => {
      const { usage, runId, settled, survivor } = await abandon(async () => null);
      await survivor(0).meter.settleRun(runId, trace({ ended: false }));
      expect(await settled()).toMatchObject([{ tokens: [expect.any(Number), 0, 10], estimated: true }]);
      // Should the old process still live, it settles nothing more.
      await usage.ledger.drained();
      expect(await settled()).toHaveLength(1);
    });

    test('are settled by what the run counted, where it came so far', async () => {
      const { settled, survivor } = await abandon(async () => trace({ usage: { inputTokens: 7, outputTokens: 8 } }));
      await survivor(61_000).abandoned.sweep();
      expect(await settled()).toMatchObject([{ tokens: [7, 0, 8], estimated: false }]);
    });

    test('wait for as long as their run may still be worked on', async () => {
      const { settled, survivor } = await abandon(async () => trace({ ended: false }));
      await survivor(61_000).abandoned.sweep();
      expect(await settled()).toEqual([]);
      await survivor(16 * 60_000).abandoned.sweep();
      expect(await settled()).toHaveLength(1);
    });

    test('are charged for their input, where their run is gone', async () => {
      const { settled, survivor } = await abandon(async () => null);
      await survivor(61_000).abandoned.sweep();
      expect(await settled()).toMatchObject([{ tokens: [expect.any(Number), 0, 0], estimated: true }]);
    });
  });
});
