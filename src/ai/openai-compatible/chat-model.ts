import type { ChatModel, ModelEvent, ModelRequest } from '../chat-model.ts';
import { ModelError } from '../chat-model.ts';
import { DEFAULT_TIMEOUTS, type Timeouts } from '../http/deadline.ts';
import { postJson, type UpstreamAnswer } from '../http/post-json.ts';
import { readText } from '../http/read-text.ts';
import { type EventStreamReader, eventStreamReader, LineTooLong } from '../http/server-sent-events.ts';
import { modelError, statusError } from '../http/upstream-error.ts';
import { endpoint, type OpenAiAddress } from './address.ts';
import { type ChunkReader, chunkReader } from './chat-chunks.ts';
import { chatBody, type Refusals, refusedParameter } from './chat-request.ts';

export type OpenAiCompatibleOptions = OpenAiAddress & {
  /** The provider's own name of the model. */
  model: string;
  timeouts?: Partial<Timeouts>;
};

/** How long we wait, in ms, for what may still follow: the usage once the model said why it ended, and after `[DONE]` the
 * end of the body, because only a connection that is read to its end can be used again. */
const LAST_WORDS = { open: null, ended: 5_000, done: 100 };

/** In bytes. */
const LARGEST_WHOLE_ANSWER = 4_194_304;

/** A model behind `/chat/completions`: OpenAI, OpenRouter, Ollama, vLLM and their like. */
export function openAiCompatibleModel(options: OpenAiCompatibleOptions): ChatModel {
  const refusals: Refusals = {
    streamOptions: false,
    maxTokens: false,
    temperature: false,
    topP: false,
    reasoningEffort: false,
    verbosity: false,
    seed: false,
    presencePenalty: false,
    frequencyPenalty: false,
    parallelToolCalls: false,
    stop: false,
    jsonObject: false,
    jsonSchema: false,
  };
  return {
    id: `${options.provider}/${options.model}`,
    async *stream(request) {
      const chunks = chunkReader(options.provider);
      // What follows the end of the text is worth no wait.
      const gatherMs = () => (chunks.state === 'open' ? (request.gatherMs?.() ?? 0) : 0);
      const answer = await ask(options, { ...request, gatherMs }, refusals);
      if (isEventStream(answer)) yield* streamedEvents(options.provider, answer, chunks);
      else yield* wholeEvents(options.provider, answer, chunks);
      yield chunks.finish();
    },
  };
}

/** Asks again, without it, when the answer is that a parameter is not known there. What was learnt stays learnt. */
async function ask(
  options: OpenAiCompatibleOptions,
  request: ModelRequest,
  refusals: Refusals,
): Promise<UpstreamAnswer> {
  const body = chatBody(options, request, refusals);
  const answer = await postJson({
    provider: options.provider,
    ...endpoint(options, '/chat/completions'),
    body,
    timeouts: { ...DEFAULT_TIMEOUTS, ...options.timeouts },
    gatherMs: request.gatherMs,
    signal: request.signal,
  });
  if (answer.status === 200) return answer;
  const text = await readText(answer);
  const refused = answer.status === 400 || answer.status === 422 ? refusedParameter(text, body) : null;
  if (refused === null) throw statusError(options.provider, answer.status, answer.headers, text);
  if (refused === 'jsonSchema') return ask(options, request, { ...refusals, jsonSchema: true });
  refusals[refused] = true;
  return ask(options, request, refusals);
}

/** Not every server labels its stream as one, but none labels it as these. */
function isEventStream(answer: UpstreamAnswer): boolean {
  return !/^(application\/json|text\/html)/.test(answer.headers['content-type'] ?? '');
}

async function* streamedEvents(
  provider: string,
  answer: UpstreamAnswer,
  chunks: ChunkReader,
): AsyncGenerator<ModelEvent[]> {
  const lines = eventStreamReader();
  let heard = false;
  try {
    for await (const piece of answer.pieces()) {
      const { events, failure } = readPiece(piece, lines, chunks);
      // What came before a failure in the same piece was said, too. As a first word it would only keep us from asking again.
      if (events.length > 0 && (heard || failure === null)) yield events;
      if (failure !== null) throw failure;
      heard ||= events.length > 0;
      expectLastWords(answer, chunks);
    }
    const last = lines.end();
    if (last !== null) {
      const events: ModelEvent[] = [];
      chunks.read(last, events);
      yield events;
    }
  } catch (cause) {
    const error = cause instanceof LineTooLong ? modelError(provider, 'protocol', cause) : cause;
    // Once the model has said that it ended, its answer is whole: silence, a lost connection or half a line take nothing.
    if (chunks.state === 'open' || !(error instanceof ModelError)) throw error;
  }
}

function expectLastWords(answer: UpstreamAnswer, { state }: ChunkReader): void {
  const wait = LAST_WORDS[state];
  if (wait !== null) answer.expectWithin(wait);
}

function readPiece(piece: Buffer, lines: EventStreamReader, chunks: ChunkReader) {
  const events: ModelEvent[] = [];
  try {
    for (const payload of lines.push(piece)) chunks.read(payload, events);
    return { events, failure: null };
  } catch (failure) {
    return { events, failure };
  }
}

/** The whole answer as one JSON document, from servers that don't stream. */
async function* wholeEvents(
  provider: string,
  answer: UpstreamAnswer,
  chunks: ChunkReader,
): AsyncGenerator<ModelEvent[]> {
  const text = await readText(answer, LARGEST_WHOLE_ANSWER);
  if (answer.headers['content-type']?.startsWith('text/html'))
    throw modelError(provider, 'protocol', new Error(`Not an event stream: ${text}`));
  const events: ModelEvent[] = [];
  chunks.read(text, events);
  yield events;
}
