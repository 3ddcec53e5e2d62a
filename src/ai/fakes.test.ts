import { describe, expect, it } from 'vitest';
import type { ModelEvent, ModelRequest } from './chat-model.ts';
import { gate, hashEmbedder, scriptedModel } from './fakes.ts';

function request(signal: AbortSignal = new AbortController().signal): ModelRequest {
  return { instructions: null, messages: [{ role: 'user', content: 'Hello' }], passages: null, signal };
}

async function collect(stream: AsyncIterable<readonly ModelEvent[]>): Promise<ModelEvent[]> {
  return (await Array.fromAsync(stream)).flat();
}

describe('scriptedModel', () => {
  it('plays its script and finishes with a count', async () => {
    const model = scriptedModel(['Hel', 'lo']);
    expect(await collect(model.stream(request()))).toEqual([
      { type: 'text-delta', delta: 'Hel' },
      { type: 'text-delta', delta: 'lo' },
      { type: 'finish', reason: 'stop', usage: { inputTokens: 10, outputTokens: 2 } },
    ]);
    expect(model.requests).toHaveLength(1);
  });

  it('plays another script on another call and keeps a finish of the script', async () => {
    const model = scriptedModel((_, call) => [`call ${call}`, { type: 'finish', reason: 'length', usage: null }]);
    await collect(model.stream(request()));
    expect(await collect(model.stream(request()))).toEqual([
      { type: 'text-delta', delta: 'call 1' },
      { type: 'finish', reason: 'length', usage: null },
    ]);
  });

  it('waits at a gate', async () => {
    const held = gate();
    const seen: ModelEvent[] = [];
    const over = (async () => {
      for await (const events of scriptedModel(['a', { gate: held }, 'b']).stream(request())) seen.push(...events);
    })();
    await held.reached;
    expect(seen).toEqual([{ type: 'text-delta', delta: 'a' }]);
    held.open();
    await over;
    expect(seen).toHaveLength(3);
  });

  it('throws the reason of an abort at a gate and counts it', async () => {
    const held = gate();
    const stop = new AbortController();
    const model = scriptedModel([{ gate: held }]);
    const over = collect(model.stream(request(stop.signal)));
    await held.reached;
    stop.abort(new Error('enough'));
    await expect(over).rejects.toThrow('enough');
    expect(model.abandoned).toBe(1);
  });

  it('throws what the script says', async () => {
    const model = scriptedModel(['a', { fail: new Error('broken') }]);
    await expect(collect(model.stream(request()))).rejects.toThrow('broken');
    expect(model.abandoned).toBe(0);
  });
});

describe('hashEmbedder', () => {
  it('puts texts with the same words near each other and fails on demand', async () => {
    const { signal } = new AbortController();
    const [cat, cats, dog] = await hashEmbedder().embed(['the black cat', 'The black cat!', 'a brown dog'], signal);
    expect(cat).toEqual(cats);
    expect(cat).not.toEqual(dog);
    await expect(hashEmbedder({ fail: () => new Error('down') }).embed(['x'], signal)).rejects.toThrow('down');
  });
});
