import { randomUUID } from 'node:crypto';
import { answerText } from '../answer-text.ts';
import type { FinishReason, ModelError, ModelEvent, TokenUsage, ToolCall } from '../chat-model.ts';
import { kindOfStatus, modelError, UpstreamFailure } from '../http/upstream-error.ts';
import { parseToolInput } from '../tool-input.ts';
import { textFrame } from './text-frame.ts';

/** The parts of a `chat.completion.chunk` that we read. It comes from outside: every field may be missing or wrong. */
type Chunk = {
  choices?: readonly Choice[];
  usage?: {
    prompt_tokens?: unknown;
    completion_tokens?: unknown;
    total_tokens?: unknown;
    prompt_tokens_details?: { cached_tokens?: unknown } | null;
    completion_tokens_details?: { reasoning_tokens?: unknown } | null;
  } | null;
};
type Choice = { delta?: Delta; message?: Delta; finish_reason?: unknown };
type Delta = { content?: unknown; refusal?: unknown; tool_calls?: unknown } | null;
type ToolCallDelta = {
  index?: unknown;
  id?: unknown;
  function?: { name?: unknown; arguments?: unknown };
  extra_content?: unknown;
};

/** Longest input of one tool call, in UTF-16 units. */
const LONGEST_TOOL_INPUT = 4_194_304;
/** Tool calls of one answer: a model that calls more goes round in circles. */
const MOST_TOOL_CALLS = 128;

export type ChunkReader = {
  /** `ended` once the model said why it ended: only the usage may follow. `done` after that. */
  readonly state: 'open' | 'ended' | 'done';
  /** Adds the events of one payload to `events`. @throws ModelError */
  read(payload: string, events: ModelEvent[]): void;
  /** The last events. @throws ModelError when the model never said that it ended */
  finish(): ModelEvent[];
};

type PartialToolCall = { index: unknown; id: string; name: string; input: string; opaque?: ToolCall['opaque'] };

/** Turns the chunks of one answer into events. Tool calls come out whole, at the end. */
export function chunkReader(provider: string): ChunkReader {
  let reason: FinishReason | null = null;
  let done = false;
  let refused = false;
  let usage: TokenUsage | null = null;
  const toolCalls: PartialToolCall[] = [];
  const said = answerText(provider);
  const frame = textFrame(onlyText);

  function read(payload: string, events: ModelEvent[]) {
    if (payload === '[DONE]') {
      done = true;
      return;
    }
    const framed = reason === null ? frame.textIn(payload) : null;
    if (framed !== null) {
      addText(events, said.push(framed));
      return;
    }
    const chunk = reason === null ? parseChunk(provider, payload) : parseLate(payload);
    if (chunk.usage) usage = tokenUsage(chunk.usage) ?? usage;
    const choice = chunk.choices?.[0];
    if (choice) readChoice(choice, events);
    const text = onlyText(chunk);
    if (text !== null) frame.learn(payload, text);
  }

  function readChoice(choice: Choice, events: ModelEvent[]) {
    // A server that ignores `stream: true` sends the whole `message` in one piece.
    const delta = choice.delta ?? choice.message;
    refused ||= textOf(delta?.refusal) !== '';
    addText(events, said.push(textOf(delta?.content) + textOf(delta?.refusal)));
    if (Array.isArray(delta?.tool_calls)) addToolCalls(provider, toolCalls, delta.tool_calls);
    if (choice.finish_reason) reason = finishReason(provider, choice.finish_reason);
  }

  function finish(): ModelEvent[] {
    if (reason === null && !done)
      throw modelError(provider, 'protocol', new Error('The stream ended before the model said that it had finished.'));
    const rest = said.end();
    const calls = toolCalls.map(
      ({ id, name, input, opaque }): ModelEvent => ({
        type: 'tool-call',
        toolCall: { id, name, input: parseToolInput(input), ...(opaque && { opaque }) },
      }),
    );
    // Some servers say `stop` although they call tools.
    const ending = calls.length > 0 ? 'tool-calls' : refused ? 'content-filter' : (reason ?? 'other');
    const last: ModelEvent[] = rest === '' ? [] : [{ type: 'text-delta', delta: rest }];
    return [...last, ...calls, { type: 'finish', reason: ending, usage }];
  }

  return {
    get state() {
      if (done) return 'done';
      return reason === null ? 'open' : 'ended';
    },
    read,
    finish,
  };
}

/** What one piece of the network brought is one event: nobody could have been told of a part of it earlier. */
function addText(events: ModelEvent[], text: string): void {
  const last = events.at(-1);
  if (last?.type === 'text-delta') last.delta += text;
  else if (text !== '') events.push({ type: 'text-delta', delta: text });
}

/** The text of a chunk that says nothing else; null of any other. */
function onlyText(chunk: unknown): string | null {
  const { choices, usage } = chunk as Chunk;
  const { delta, finish_reason: reason } = choices?.[0] ?? {};
  const { content, refusal, tool_calls: calls } = delta ?? {};
  return typeof content === 'string' && !(usage || reason || refusal || calls) ? content : null;
}

function parseChunk(provider: string, payload: string): Chunk {
  const chunk = parseJson(provider, payload);
  if (typeof chunk !== 'object' || chunk === null)
    throw modelError(provider, 'protocol', new Error('A chunk is not an object.'));
  if ('error' in chunk && chunk.error) throw streamedError(provider, chunk.error);
  return chunk;
}

/** Behind the end only the usage is of interest; what is no chunk there takes nothing from an answer that is whole. */
function parseLate(payload: string): Chunk {
  const chunk = parseToolInput(payload);
  return isObject(chunk) ? chunk : {};
}

function parseJson(provider: string, payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch (cause) {
    throw modelError(provider, 'protocol', cause);
  }
}

/** Text, or text in parts as Mistral's reasoning models send it. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (part?.type === 'text' && typeof part.text === 'string' ? part.text : '')).join('');
}

function addToolCalls(provider: string, toolCalls: PartialToolCall[], deltas: readonly (ToolCallDelta | null)[]): void {
  for (const delta of deltas) {
    if (!isObject(delta)) continue;
    const toolCall = openToolCall(provider, toolCalls, delta);
    addTo(toolCall, delta);
    if (isObject(delta.extra_content)) toolCall.opaque = { [provider]: delta.extra_content };
    if (toolCall.input.length > LONGEST_TOOL_INPUT)
      throw modelError(provider, 'protocol', new Error('The input of a tool call is too long.'));
  }
}

function addTo(toolCall: PartialToolCall, { function: called }: ToolCallDelta): void {
  const { name, arguments: input } = called ?? {};
  if (typeof name === 'string' && toolCall.name === '') toolCall.name = name;
  if (typeof input === 'string') toolCall.input += input;
  else if (input != null) toolCall.input = JSON.stringify(input);
}

/** The call that a delta goes on with: by its index; servers that send none start a new call with each id. */
function openToolCall(provider: string, toolCalls: PartialToolCall[], delta: ToolCallDelta): PartialToolCall {
  const { index = null } = delta;
  const id = typeof delta.id === 'string' && delta.id !== '' ? delta.id : null;
  const open =
    index === null
      ? toolCalls.findLast((call) => id === null || call.id === id)
      : toolCalls.findLast((call) => call.index === index);
  if (open && !beginsAnother(open, id, delta)) return open;
  if (toolCalls.length === MOST_TOOL_CALLS)
    throw modelError(provider, 'protocol', new Error('The answer calls too many tools.'));
  const fresh = { index, id: id ?? `call_${randomUUID()}`, name: '', input: '' };
  toolCalls.push(fresh);
  return fresh;
}

/** Gemini and older servers give all of their parallel calls the index 0, or neither index nor id: what names a function
 * anew, under an id of its own or behind an input that is complete, is another call. Others repeat the name, or make an id
 * up, with each piece of one call. */
function beginsAnother(open: PartialToolCall, id: string | null, { function: called }: ToolCallDelta): boolean {
  if (typeof called?.name !== 'string' || called.name === '' || open.name === '') return false;
  if (id !== null) return id !== open.id;
  return Boolean(called.arguments) && isObject(parseToolInput(open.input)) && open.input !== '';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const FINISH_REASONS: ReadonlyMap<unknown, FinishReason> = new Map([
  ['stop', 'stop'],
  ['length', 'length'],
  ['model_length', 'length'],
  ['tool_calls', 'tool-calls'],
  ['function_call', 'tool-calls'],
  ['content_filter', 'content-filter'],
]);

/** OpenRouter and Mistral; DeepSeek, when it ran out of machines: what was said is not whole, and nobody says why. */
const BROKEN_OFF: ReadonlySet<unknown> = new Set(['error', 'insufficient_system_resource']);

function finishReason(provider: string, reason: unknown): FinishReason {
  if (BROKEN_OFF.has(reason)) throw modelError(provider, 'unavailable', new Error(`finish reason ${String(reason)}`));
  return FINISH_REASONS.get(reason) ?? 'other';
}

function tokenUsage({
  prompt_tokens: input,
  completion_tokens: said,
  total_tokens: total,
  prompt_tokens_details: details,
  completion_tokens_details: outputDetails,
}: NonNullable<Chunk['usage']>): TokenUsage | null {
  if (!isCount(input) || !isCount(said)) return null;
  // Gemini and Grok count hidden reasoning, which is paid as output, in the total only.
  const output = isCount(total) ? Math.max(said, total - input) : said;
  const cached = details?.cached_tokens;
  // Null of what was cached is the usual case, and says nothing that the absence does not.
  const known = isCount(cached) && cached > 0 && cached <= input;
  const told = outputDetails?.reasoning_tokens;
  const reasoning = isCount(told) && told > 0 ? Math.min(told, output) : output - said;
  return {
    inputTokens: input,
    outputTokens: output,
    ...(known && { cachedInputTokens: cached }),
    ...(reasoning > 0 && { reasoningTokens: reasoning }),
  };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** An `error` in place of a chunk: its code is a status (OpenRouter) or a word (OpenAI). */
function streamedError(provider: string, error: unknown): ModelError {
  const { code, type } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown;
    type?: unknown;
  };
  const words = `${String(code)} ${String(type)}`;
  const status = Number(code);
  const kind = status >= 400 && status < 600 ? kindOfStatus(status) : kindOfWords(words);
  return modelError(provider, kind, new UpstreamFailure(200, JSON.stringify(error)));
}

function kindOfWords(words: string) {
  if (/rate_limit|quota|overloaded/.test(words)) return 'rate-limited';
  if (/auth|api_key|permission/.test(words)) return 'unauthorized';
  if (/invalid|context_length|not_found/.test(words)) return 'bad-request';
  return 'unavailable';
}
