/** Models for tests: they answer from a script, at the test's own pace. Nothing in the product may import this file. */
import { createHash } from 'node:crypto';
import type { ChatModel, ModelEvent, ModelRequest } from './chat-model.ts';
import type { Embedder } from './embedder.ts';

/** A place in a script where the model waits until the test lets it go on. */
export type Gate = {
  open(): void;
  /** Resolves when a model waits here. */
  readonly reached: Promise<void>;
  /** For the model: resolves once open, rejects with the signal's reason. */
  pass(signal: AbortSignal): Promise<void>;
};

export function gate(): Gate {
  const opened = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  return {
    open: () => opened.resolve(),
    reached: reached.promise,
    pass(signal) {
      reached.resolve();
      return untilAborted(opened.promise, signal);
    },
  };
}

/** A string is a text delta, an array one batch, an error is thrown. */
export type ScriptStep = string | ModelEvent | readonly ModelEvent[] | { gate: Gate } | { fail: Error };
export type Script = readonly ScriptStep[];

export type ScriptedModel = ChatModel & {
  /** Every request so far, oldest first. */
  readonly requests: readonly ModelRequest[];
  /** How many streams ended because their signal was aborted or their consumer left early. */
  readonly abandoned: number;
};

/** Plays `script` on each call; a function gets the request and the number of the call, from 0. Where the script has no
 * `finish`, one follows that counts 10 input tokens and one output token for each text delta. */
export function scriptedModel(
  script: Script | ((request: ModelRequest, call: number) => Script),
  { id = 'fake/scripted' }: { id?: string } = {},
): ScriptedModel {
  const requests: ModelRequest[] = [];
  let abandoned = 0;
  return {
    id,
    requests,
    get abandoned() {
      return abandoned;
    },
    async *stream(request) {
      requests.push(request);
      const steps = typeof script === 'function' ? script(request, requests.length - 1) : script;
      let over = false;
      try {
        yield* play(steps, request.signal);
        over = true;
      } catch (error) {
        over = !request.signal.aborted;
        throw error;
      } finally {
        if (!over) abandoned += 1;
      }
    },
  };
}

async function* play(steps: Script, signal: AbortSignal): AsyncGenerator<readonly ModelEvent[]> {
  let textDeltas = 0;
  let finished = false;
  for (const step of steps) {
    // A turn of the event loop between two steps, as between two pieces of the network.
    await untilAborted(new Promise<void>((resolve) => setImmediate(resolve)), signal);
    if (typeof step === 'object' && 'gate' in step) {
      await step.gate.pass(signal);
      continue;
    }
    if (typeof step === 'object' && 'fail' in step) throw step.fail;
    const events = eventsOf(step);
    textDeltas += events.filter((event) => event.type === 'text-delta').length;
    finished ||= events.some((event) => event.type === 'finish');
    yield events;
  }
  signal.throwIfAborted();
  const usage = { inputTokens: 10, outputTokens: textDeltas };
  if (!finished) yield [{ type: 'finish', reason: 'stop', usage }];
}

function eventsOf(step: string | ModelEvent | readonly ModelEvent[]): readonly ModelEvent[] {
  if (typeof step === 'string') return [{ type: 'text-delta', delta: step }];
  return 'type' in step ? [step] : step;
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  return Promise.race([promise, aborted.promise]).finally(() => signal.removeEventListener('abort', abort));
}

export type HashEmbedderOptions = {
  dimensions?: number;
  id?: string;
  /** Asked before each call with its texts; what it returns is thrown. */
  fail?: (texts: readonly string[]) => Error | null;
};

/** A fake that knows no meaning: it counts hashed words, so that texts with the same words are near each other. */
export function hashEmbedder(options: HashEmbedderOptions = {}): Embedder & { readonly embedded: readonly string[] } {
  const { dimensions = 64, id = `fake/hash-${dimensions}`, fail = () => null } = options;
  const embedded: string[] = [];
  return {
    id,
    embedded,
    async embed(texts, signal) {
      signal.throwIfAborted();
      const error = fail(texts);
      if (error) throw error;
      embedded.push(...texts);
      return texts.map((text) => hashedWords(text, dimensions));
    },
  };
}

function hashedWords(text: string, dimensions: number): readonly number[] {
  const vector = new Array<number>(dimensions).fill(0);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ['']) {
    const at = createHash('sha256').update(word).digest().readUInt32LE(0) % dimensions;
    vector[at] = (vector[at] ?? 0) + 1;
  }
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
