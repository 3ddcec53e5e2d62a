import { describe, expect, it } from 'vitest';
import { circuitBreaker } from '../../platform/resilience/circuit-breaker.ts';
import { type ChatModel, ModelError, type ModelErrorKind, type ModelEvent, type ModelRequest } from '../chat-model.ts';
import { gate, hashEmbedder, scriptedModel } from '../fakes.ts';
import { withCircuitBreaker, withEmbedderCircuitBreaker } from './with-circuit-breaker.ts';
import { withFallback } from './with-fallback.ts';
import { withEmbedderRetries, withRetries } from './with-retries.ts';

const said = (delta: string): ModelEvent => ({ type: 'text-delta', delta });
const fail = (kind: ModelErrorKind, retryAfter: number | null = null) => ({
  fail: new ModelError(kind, `It was ${kind}.`, { retryAfter }),
});
const { signal: never } = new AbortController();

function request(signal: AbortSignal = never): ModelRequest {
  return { instructions: null, messages: [{ role: 'user', content: 'Hello' }], passages: null, signal };
}

async function collect(model: ChatModel, signal: AbortSignal = never): Promise<ModelEvent[]> {
  return (await Array.fromAsync(model.stream(request(signal)))).flat();
}

/** Retries whose waits take no time, and are noted. */
function retries() {
  const delays: number[] = [];
  const wait = async (milliseconds: number) => {
    delays.push(milliseconds);
  };
  return {
    delays,
    policy: { attempts: 3, baseDelay: 100, maxDelay: 5000, giveUpAfter: 60_000, random: () => 1, wait },
  };
}

describe('withRetries', () => {
  it.each(['unavailable', 'timeout', 'protocol', 'rate-limited'] as const)(
    'asks again when it was %s',
    async (kind) => {
      const model = scriptedModel((_, call) => (call < 2 ? [fail(kind)] : ['Hello']));
      expect((await collect(withRetries(model, retries().policy)))[0]).toEqual(said('Hello'));
      expect(model.requests).toHaveLength(3);
    },
  );

  it.each(['unauthorized', 'bad-request', 'cannot-continue'] as const)('does not when it was %s', async (kind) => {
    const model = scriptedModel([fail(kind)]);
    await expect(collect(withRetries(model, retries().policy))).rejects.toMatchObject({ kind });
    expect(model.requests).toHaveLength(1);
  });

  it('does not after the first token', async () => {
    const model = scriptedModel(['Hel', fail('unavailable')]);
    await expect(collect(withRetries(model, retries().policy))).rejects.toMatchObject({ kind: 'unavailable' });
    expect(model.requests).toHaveLength(1);
  });

  it('waits as long as the provider asked, and not at all when that is long', async () => {
    const { policy, delays } = retries();
    await collect(
      withRetries(
        scriptedModel((_, call) => (call === 0 ? [fail('rate-limited', 2)] : ['x'])),
        policy,
      ),
    );
    expect(delays).toEqual([2100]);
    const long = withRetries(scriptedModel([fail('rate-limited', 60)]), policy);
    await expect(collect(long)).rejects.toMatchObject({ kind: 'rate-limited', retryAfter: 60 });
  });

  it('lets go of the model when the reader leaves', async () => {
    const model = scriptedModel(['a', 'b', 'c']);
    for await (const _ of withRetries(model, retries().policy).stream(request())) break;
    expect(model.abandoned).toBe(1);
  });

  it('asks an embedder again', async () => {
    let calls = 0;
    const embedder = hashEmbedder({ fail: () => (calls++ === 0 ? fail('unavailable').fail : null) });
    expect(await withEmbedderRetries(embedder, retries().policy).embed(['x'], never)).toHaveLength(1);
  });
});

describe('withCircuitBreaker', () => {
  const breaker = () => circuitBreaker({ failures: 2, coolDown: 30_000, now: () => 0 });

  it('refuses calls after failures, says until when, and is not asked again for that', async () => {
    const model = scriptedModel([fail('unavailable')]);
    const guarded = withRetries(withCircuitBreaker(model, breaker()), retries().policy);
    await expect(collect(guarded)).rejects.toMatchObject({ kind: 'unavailable', retryAfter: 30 });
    await expect(collect(guarded)).rejects.toMatchObject({
      kind: 'unavailable',
      retryAfter: 30,
      message: 'fake/scripted failed repeatedly and is given a pause.',
    });
    expect(model.requests).toHaveLength(2);
  });

  it('does not make the caller wait until it may be tried again', async () => {
    const { policy, delays } = retries();
    const shared = circuitBreaker({ failures: 1, coolDown: 1000, now: () => 0 });
    shared.enter().failed();
    await expect(collect(withRetries(withCircuitBreaker(scriptedModel(['x']), shared), policy))).rejects.toMatchObject({
      retryAfter: 1,
    });
    expect(delays).toEqual([]);
  });

  it('counts failures in the middle of answers', async () => {
    const shared = breaker();
    const guarded = withCircuitBreaker(scriptedModel(['x', fail('unavailable')]), shared);
    for (let i = 0; i < 2; i += 1) await collect(guarded).catch(() => {});
    expect(shared.state).toBe('open');
  });

  it.each(['unauthorized', 'bad-request', 'rate-limited'] as const)('does not count %s', async (kind) => {
    const shared = breaker();
    for (let i = 0; i < 3; i += 1)
      await collect(withCircuitBreaker(scriptedModel([fail(kind)]), shared)).catch(() => {});
    expect(shared.state).toBe('closed');
  });

  it('does not count aborts and readers that leave', async () => {
    const shared = breaker();
    for (let i = 0; i < 3; i += 1) {
      const held = gate();
      const stop = new AbortController();
      const turn = collect(withCircuitBreaker(scriptedModel([{ gate: held }]), shared), stop.signal);
      await held.reached;
      stop.abort(new ModelError('timeout', 'The run took too long.'));
      await expect(turn).rejects.toThrow('too long');
      for await (const _ of withCircuitBreaker(scriptedModel(['a', 'b']), shared).stream(request())) break;
    }
    expect(shared.state).toBe('closed');
  });

  it('is shared with the embedder of the same provider', async () => {
    const shared = breaker();
    const embedder = withEmbedderCircuitBreaker(hashEmbedder({ fail: () => fail('timeout').fail }), shared);
    for (let i = 0; i < 2; i += 1)
      await expect(embedder.embed(['x'], never)).rejects.toMatchObject({ kind: 'timeout' });
    await expect(collect(withCircuitBreaker(scriptedModel(['x']), shared))).rejects.toMatchObject({
      kind: 'unavailable',
    });
  });
});

describe('withFallback', () => {
  const named = (id: string, script: Parameters<typeof scriptedModel>[0]) => scriptedModel(script, { id });

  it('says who answers instead', async () => {
    const passed: string[][] = [];
    const model = withFallback(
      [named('a/1', [fail('unavailable')]), named('b/2', [fail('timeout')]), named('c/3', ['x'])],
      {
        onFallback: (error, from, to) => passed.push([error.kind, from, to]),
      },
    );
    expect(model.id).toBe('a/1');
    expect((await collect(model)).slice(0, 2)).toEqual([{ type: 'fallback', model: 'c/3' }, said('x')]);
    expect(passed).toEqual([
      ['unavailable', 'a/1', 'b/2'],
      ['timeout', 'b/2', 'c/3'],
    ]);
  });

  it('says nothing when the asked one answers', async () => {
    expect((await collect(withFallback([named('a/1', ['x']), named('b/2', ['y'])])))[0]).toEqual(said('x'));
  });

  it('throws the last failure', async () => {
    const model = withFallback([named('a/1', [fail('unavailable')]), named('b/2', [fail('unauthorized')])]);
    await expect(collect(model)).rejects.toMatchObject({ kind: 'unauthorized' });
  });

  it.each([
    ['a refused request', [fail('bad-request')]],
    ['a failure after the first token', ['x', fail('unavailable')]],
  ])('does not pass on %s', async (_, script) => {
    const second = named('b/2', ['y']);
    await expect(collect(withFallback([named('a/1', script), second]))).rejects.toBeInstanceOf(ModelError);
    expect(second.requests).toEqual([]);
  });
});
