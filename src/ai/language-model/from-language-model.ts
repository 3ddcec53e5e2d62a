import {
  APICallError,
  type LanguageModelV4,
  type LanguageModelV4FinishReason,
  type LanguageModelV4StreamPart,
  type LanguageModelV4Usage,
  TypeValidationError,
} from '@ai-sdk/provider';
import { type AnswerText, answerText } from '../answer-text.ts';
import { type ChatModel, type FinishReason, ModelError, type ModelEvent, type TokenUsage } from '../chat-model.ts';
import { DEFAULT_TIMEOUTS, type Deadline, startDeadline, type Timeouts } from '../http/deadline.ts';
import { kindOfStatus, modelError, statusError, UpstreamFailure } from '../http/upstream-error.ts';
import { parseToolInput } from '../tool-input.ts';
import { callOptions } from './language-model-prompt.ts';

export type FromLanguageModelOptions = {
  /** How messages call it, and the first part of the model's id. */
  provider: string;
  /** Whether something in the stream that its package does not know may be passed over. */
  passesOver?: (value: unknown) => boolean;
  timeouts?: Partial<Timeouts>;
};

/** How long we wait, in ms, for the end of the stream once the model has said that it has finished: only a connection that is
 * read to its end can be used again. */
const LAST_WORDS_MS = 100;

/** Any model of the AI SDK's provider packages, taken at the level of `doStream`: no layer that re-streams every token. */
export function fromLanguageModel(
  model: LanguageModelV4,
  { provider, passesOver = () => false, timeouts = {} }: FromLanguageModelOptions,
): ChatModel {
  return {
    id: `${provider}/${model.modelId}`,
    async *stream(request) {
      request.signal.throwIfAborted();
      const deadline = startDeadline({
        provider,
        // The package makes the connection, so that it can't be told from the wait for the first byte.
        timeouts: { ...DEFAULT_TIMEOUTS, ...timeouts, connect: timeouts.firstByte ?? DEFAULT_TIMEOUTS.firstByte },
        signal: request.signal,
      });
      const stop = new AbortController();
      deadline.onEnd((reason) => stop.abort(reason));
      try {
        const { stream } = await model.doStream(callOptions(request, stop.signal));
        yield* modelEvents(provider, stream, { deadline, passesOver });
      } catch (error) {
        throw deadline.reason() ?? upstreamError(provider, error);
      } finally {
        deadline.stop();
      }
    },
  };
}

async function* modelEvents(
  provider: string,
  stream: ReadableStream<LanguageModelV4StreamPart>,
  { deadline, passesOver }: { deadline: Deadline; passesOver(value: unknown): boolean },
): AsyncGenerator<readonly ModelEvent[]> {
  let finished = false;
  const said = answerText(provider);
  deadline.next('idle');
  try {
    for await (const part of stream) {
      deadline.pause();
      if (part.type === 'error' && TypeValidationError.isInstance(part.error) && passesOver(part.error.value)) {
        deadline.refresh();
        continue;
      }
      const events = eventsOf(provider, part, said);
      finished ||= events.at(-1)?.type === 'finish';
      if (events.length > 0) yield events;
      deadline.refresh();
      if (finished) deadline.expectWithin(LAST_WORDS_MS);
    }
  } catch (error) {
    // Its answer is whole: silence, or a lost connection, takes nothing from it.
    if (!finished) throw error;
  }
  if (!finished) throw unfinished(provider);
}

/** What a part says; what was held back of the text before it comes first. */
function eventsOf(provider: string, part: LanguageModelV4StreamPart, said: AnswerText): ModelEvent[] {
  const event = modelEvent(provider, part);
  const text = part.type === 'text-delta' ? said.push(part.delta) : event === null ? '' : said.end();
  const events: ModelEvent[] = text === '' ? [] : [{ type: 'text-delta', delta: text }];
  return event === null ? events : [...events, event];
}

/** Text apart. */
function modelEvent(provider: string, part: LanguageModelV4StreamPart): ModelEvent | null {
  switch (part.type) {
    case 'tool-call': {
      const { toolCallId: id, toolName: name, input } = part;
      // What the provider runs by itself is not ours to run.
      return part.providerExecuted ? null : { type: 'tool-call', toolCall: { id, name, input: parseToolInput(input) } };
    }
    case 'finish':
      return { type: 'finish', reason: finishReason(provider, part.finishReason), usage: tokenUsage(part.usage) };
    case 'error':
      throw part.error;
    default:
      return null;
  }
}

function finishReason(provider: string, { unified, raw }: LanguageModelV4FinishReason): FinishReason {
  if (unified === 'interrupted') throw unfinished(provider);
  // Some providers only say `error` here, and never why.
  if (unified === 'error') throw modelError(provider, 'unavailable', new Error(`finish reason ${raw}`));
  return unified;
}

function unfinished(provider: string): ModelError {
  return modelError(provider, 'protocol', new Error('The stream ended before the model said that it had finished.'));
}

function tokenUsage({ inputTokens, outputTokens }: LanguageModelV4Usage): TokenUsage | null {
  const { total: input, cacheRead: cached } = inputTokens;
  const { total: output, reasoning } = outputTokens;
  if (input === undefined || output === undefined) return null;
  return {
    inputTokens: input,
    outputTokens: output,
    ...(cached && { cachedInputTokens: cached }),
    ...(reasoning && { reasoningTokens: reasoning }),
  };
}

/** What a provider says in its stream in place of an answer, such as Anthropic's `overloaded_error`: no Error, but an object. */
type StreamedError = { type?: unknown; message: string; statusCode?: unknown };

function isStreamedError(error: unknown): error is StreamedError {
  return typeof error === 'object' && error !== null && !(error instanceof Error) && 'message' in error;
}

function streamedError(provider: string, { type, message, statusCode }: StreamedError): ModelError {
  const status = typeof statusCode === 'number' ? statusCode : 500;
  return modelError(provider, kindOfStatus(status), new UpstreamFailure(status, `${String(type)}: ${message}`));
}

/** What our own side of the connection threw, which packages may wrap. */
function ownError(error: unknown): ModelError | null {
  for (let inner = error; inner instanceof Error; inner = inner.cause) if (inner instanceof ModelError) return inner;
  return null;
}

/** The package's error without the request in it: prompts do not belong in a log. */
function upstreamError(provider: string, error: unknown): Error {
  const own = ownError(error);
  if (own) return own;
  if (isStreamedError(error)) return streamedError(provider, error);
  if (!APICallError.isInstance(error)) return modelError(provider, 'protocol', error);
  const { statusCode, responseHeaders, responseBody } = error;
  if (statusCode === undefined) return modelError(provider, 'unavailable', error.cause ?? new Error(error.message));
  // A status of success with an error is an answer that the package could not read.
  if (statusCode < 300) return modelError(provider, 'protocol', new UpstreamFailure(statusCode, error.message));
  return statusError(provider, statusCode, responseHeaders ?? {}, responseBody ?? '');
}
