import { describe, expect, test } from 'vitest';
import { type Attributes, inWork, type Span } from '../platform/telemetry/tracing.ts';
import { around } from './around.ts';
import type { ModelRequest } from './chat-model.ts';
import { hashEmbedder, scriptedModel } from './fakes.ts';
import { tracedEmbedder, tracedModel } from './traced-model.ts';

type Seen = { name: string; kind: string; attributes: Record<string, unknown>; ends: unknown[] };

/** A span that notes what is said to it, and all below it. */
function notedSpan(seen: Seen[] = [], own: Seen = { name: 'root', kind: 'internal', attributes: {}, ends: [] }) {
  const span: Span = {
    traceparent: '00-1-2-01',
    set: (attributes: Attributes) => void Object.assign(own.attributes, attributes),
    child(name, kind, attributes = {}) {
      const below: Seen = { name, kind, attributes: { ...attributes }, ends: [] };
      seen.push(below);
      return notedSpan(seen, below).span;
    },
    end: (error) => void own.ends.push(error),
  };
  return { span, seen };
}

const signal = new AbortController().signal;
const request: ModelRequest = { instructions: null, messages: [], passages: null, temperature: 0.5, signal };

async function traced(
  model: ReturnType<typeof scriptedModel>,
  read: (all: AsyncIterable<unknown>) => Promise<unknown>,
) {
  const { span, seen } = notedSpan();
  await inWork({ ids: {}, span }, () => read(tracedModel(model).stream(request)));
  return seen;
}

describe('an answer of a model', () => {
  test('is a span that says what it was and used, and none of its words', async () => {
    const seen = await traced(scriptedModel(['secret'], { id: 'google/gemini' }), Array.fromAsync);
    expect(seen).toMatchObject([
      {
        name: 'chat gemini',
        kind: 'client',
        attributes: {
          'gen_ai.provider.name': 'gcp.gemini',
          'gen_ai.request.temperature': 0.5,
          'gen_ai.response.finish_reasons': ['stop'],
          'gen_ai.usage.output_tokens': 1,
        },
        ends: [undefined],
      },
    ]);
    expect(JSON.stringify(seen)).not.toContain('secret');
    const [builtIn] = await traced(scriptedModel(['x'], { id: 'extractive' }), Array.fromAsync);
    expect(builtIn).toMatchObject({ kind: 'internal', attributes: { 'gen_ai.provider.name': 'parley' } });
  });

  test('that fails is a span that says so; one that nobody reads to its end is ended, and its model left', async () => {
    const fail = new Error('broken');
    const failed = await traced(scriptedModel(['x', { fail }]), (all) => Array.fromAsync(all).catch(() => undefined));
    expect(failed[0]?.ends[0]).toBe(fail);
    const model = scriptedModel(['x', 'y']);
    const left = await traced(model, async (all) => {
      for await (const _ of all) break;
    });
    expect(left[0]?.ends).toEqual([undefined]);
    expect(model.abandoned).toBe(1);
  });

  test('is the model’s own where nothing is traced', async () => {
    const model = tracedModel(scriptedModel(['x']));
    expect(await Array.fromAsync(model.stream(request))).toHaveLength(2);
    const twice = around(model, (one) => ({ ...one, id: 'wrapped' }));
    expect(twice.id).toBe('wrapped');
  });
});

describe('vectors', () => {
  test('are a span with the tokens that were counted', async () => {
    const { span, seen } = notedSpan();
    const counting = hashEmbedder({ id: 'openai/e' });
    const embedder = tracedEmbedder({
      ...counting,
      embed: async (texts, until, onUsage) => {
        for (const _ of texts) onUsage?.(3);
        return counting.embed(texts, until);
      },
    });
    const told: number[] = [];
    await inWork({ ids: {}, span }, () => embedder.embed(['a', 'b'], signal, (tokens) => told.push(tokens)));
    await inWork({ ids: {}, span }, () => embedder.embed(['c'], signal));
    expect(told).toEqual([3, 3]);
    expect(seen.map(({ name, attributes }) => [name, attributes['gen_ai.usage.input_tokens']])).toEqual([
      ['embeddings e', 6],
      ['embeddings e', 3],
    ]);
    expect(await embedder.embed(['a'], signal)).toHaveLength(1);
    expect(around(embedder, (one) => ({ ...one, id: 'wrapped' })).id).toBe('wrapped');
  });
});
