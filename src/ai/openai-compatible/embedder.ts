import { ModelError } from '../chat-model.ts';
import type { Embedder } from '../embedder.ts';
import type { Timeouts } from '../http/deadline.ts';
import { postJson } from '../http/post-json.ts';
import { readText } from '../http/read-text.ts';
import { modelError, statusError } from '../http/upstream-error.ts';
import { endpoint, type OpenAiAddress } from './address.ts';

export type OpenAiCompatibleEmbedderOptions = OpenAiAddress & {
  /** The provider's own name of the model. */
  model: string;
  timeouts?: Partial<Timeouts>;
};

const TIMEOUTS: Timeouts = { connect: 10_000, firstByte: 60_000, idle: 30_000, total: 120_000 };

/** In bytes: 96 vectors of 3,072 numbers, written as decimals, are about 4 MB. */
const LARGEST_ANSWER = 67_108_864;

/** An embedder behind `/embeddings`; each call is one request. */
export function openAiCompatibleEmbedder(options: OpenAiCompatibleEmbedderOptions): Embedder {
  const { provider, model } = options;
  let refusesBase64 = false;
  let dimension: number | null = null;

  async function ask(texts: readonly string[], signal: AbortSignal): Promise<string> {
    const answer = await postJson({
      provider,
      ...endpoint(options, '/embeddings'),
      // Base64 is a third of the size of decimals and parses ten times as fast. Servers that don't know it send decimals.
      body: { model, input: texts, ...(refusesBase64 ? {} : { encoding_format: 'base64' }) },
      timeouts: { ...TIMEOUTS, ...options.timeouts },
      signal,
    });
    const text = await readText(answer, LARGEST_ANSWER);
    if (answer.status === 200) return text;
    const mayRefuse = answer.status === 400 || answer.status === 422;
    if (!mayRefuse || refusesBase64 || !/encoding_format|base64/.test(text))
      throw statusError(provider, answer.status, answer.headers, text.slice(0, 65_536));
    refusesBase64 = true;
    return ask(texts, signal);
  }

  return {
    id: `${provider}/${model}`,
    async embed(texts, signal, onUsage) {
      if (texts.length === 0) return [];
      if (texts.includes('')) throw new ModelError('bad-request', 'An empty text has no embedding.');
      const { vectors, inputTokens } = readEmbeddings(provider, await ask(texts, signal), texts.length);
      if (inputTokens !== null) onUsage?.(inputTokens);
      dimension = sameDimension(provider, vectors, dimension);
      return vectors;
    },
  };
}

type Embeddings = { vectors: readonly (readonly number[])[]; inputTokens: number | null };

function readEmbeddings(provider: string, text: string, count: number): Embeddings {
  const answer = parsed(provider, text);
  const vectors = new Array<readonly number[] | undefined>(count).fill(undefined);
  const items = Array.isArray(answer.data) && answer.data.length === count ? answer.data : [];
  for (const [place, item] of items.entries()) {
    const index: unknown = item?.index ?? place;
    const vector = vectorOf(item?.embedding);
    if (typeof index === 'number' && vector !== null) vectors[index] = vector;
  }
  if (!vectors.every((vector) => vector !== undefined))
    throw modelError(
      provider,
      'protocol',
      new Error(`The answer does not have a usable vector for each of ${count} texts.`),
    );
  const tokens: unknown = answer.usage?.prompt_tokens ?? answer.usage?.total_tokens;
  return { vectors, inputTokens: typeof tokens === 'number' && tokens >= 0 ? tokens : null };
}

type EmbeddingsAnswer = {
  data?: unknown;
  usage?: { prompt_tokens?: unknown; total_tokens?: unknown } | null;
};

function parsed(provider: string, text: string): EmbeddingsAnswer {
  try {
    return JSON.parse(text) ?? {};
  } catch (cause) {
    throw modelError(provider, 'protocol', cause);
  }
}

/** Decimals, or base64 of little-endian 32-bit floats; null for what has no direction and so no meaning. */
function vectorOf(embedding: unknown): readonly number[] | null {
  const vector = typeof embedding === 'string' ? floats(embedding) : embedding;
  if (!Array.isArray(vector) || !vector.every(Number.isFinite)) return null;
  return vector.some((value) => value !== 0) ? vector : null;
}

function floats(base64: string): number[] {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.byteLength % 4 !== 0) return [];
  return Array.from({ length: bytes.byteLength / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}

/** Vectors of different length can't be compared, so that a model that changes its mind is a broken one. */
function sameDimension(provider: string, vectors: readonly (readonly number[])[], known: number | null): number {
  const dimension = known ?? vectors[0]?.length;
  if (dimension !== undefined && vectors.every((vector) => vector.length === dimension)) return dimension;
  throw modelError(provider, 'protocol', new Error(`Expected vectors of ${dimension} numbers.`));
}
