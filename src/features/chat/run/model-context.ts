import type { AnswerFormat, ModelMessage, ModelRequest, ModelWishes, ToolCall } from '../../../ai/chat-model.ts';
import { cutHistory } from '../../../lib/history/cut-history.ts';
import { contentOf, type MessagePart, toldOf } from '../message.ts';
import type { Answer } from './answer.ts';
import { tokensOfMessages } from './context-budget.ts';
import type { HistoryRow, RunRequest, RunRow } from './run.store.ts';

/** A question with all that followed it, as the model is told of it. Its first message in the session is `firstId`. */
export type Turn = { firstId: string; messages: readonly ModelMessage[]; tokens: number };

/** What the model is told, before the evidence is added and what does not fit is cut off. */
export type ModelContext = {
  instructions: string | null;
  /** Oldest first; the last one is what was asked. */
  turns: readonly Turn[];
  /** There are earlier ones than were read. */
  hasEarlier: boolean;
  /** All of it is told: the client says what the model shall know. */
  isWhole: boolean;
  /** What the user wrote last, without what the model is told beside it. */
  question: string;
  maxOutputTokens: number | null;
  temperature: number | null;
  topP: number | null;
  wishes: ModelWishes;
  parallelToolCalls: boolean;
  stop: readonly string[];
  /** Null: prose. */
  format: AnswerFormat | null;
  /** Files that came with messages that the model is told, newest first. */
  attachmentIds: readonly string[];
};

/** More are never told, so that no session makes its runs slow. */
const RECENT_MESSAGES = 100;
/** Messages that one request may bring along; its session then holds them, the question and the answer. */
export const MOST_GIVEN_MESSAGES = 1_000;

/** Messages of the session that a run reads. */
export function historyLimit({ whole_history }: RunRequest): number {
  return whole_history ? MOST_GIVEN_MESSAGES + 2 : RECENT_MESSAGES + 1;
}

export function contextOf(run: RunRow, history: readonly HistoryRow[]): ModelContext {
  const { request } = run;
  const said = history.filter(({ id }) => id !== run.message_id);
  const turns = turnsOf(said);
  const hasEarlier = !request.whole_history && said.length > RECENT_MESSAGES && turns.length > 1;
  return {
    instructions: instructionsOf(request),
    // The first one that was read may be half of one.
    turns: hasEarlier ? turns.slice(1) : turns,
    hasEarlier,
    isWhole: request.whole_history ?? false,
    question: contentOf(said.findLast(({ role }) => role === 'user')?.parts ?? []),
    attachmentIds: said.toReversed().flatMap(({ parts }) => attachmentsOf(parts)),
    maxOutputTokens: request.max_output_tokens,
    temperature: request.temperature,
    topP: request.top_p ?? null,
    wishes: wishesOf(request),
    parallelToolCalls: request.parallel_tool_calls ?? true,
    stop: request.stop ?? [],
    format: request.answer_format ?? null,
  };
}

function wishesOf({ wishes = {} }: RunRequest): ModelWishes {
  const { reasoning_effort, verbosity, seed, presence_penalty, frequency_penalty } = wishes;
  return {
    ...(reasoning_effort !== undefined && { reasoningEffort: reasoning_effort }),
    ...(verbosity !== undefined && { verbosity }),
    ...(seed !== undefined && { seed }),
    ...(presence_penalty !== undefined && { presencePenalty: presence_penalty }),
    ...(frequency_penalty !== undefined && { frequencyPenalty: frequency_penalty }),
  };
}

const TENANT_COUNTS =
  'The instructions above always hold. Those that follow are for this conversation only, and count where they do not contradict the ones above.';

/** The tenant's come first: whatever a request says stands behind them. */
function instructionsOf({ tenant_instructions, instructions }: RunRequest): string | null {
  if (tenant_instructions === undefined) return instructions;
  return instructions ? [tenant_instructions, TENANT_COUNTS, instructions].join('\n\n') : tenant_instructions;
}

/** The text of the newest question and what was said before it: what the documents are searched for. */
export function questionOf({ turns, question }: ModelContext): {
  question: string;
  earlier: readonly ModelMessage[];
} {
  return { question, earlier: turns.slice(0, -1).flatMap(({ messages }) => messages) };
}

/** Each begins with a message of the user; the first one may begin with a greeting. */
function turnsOf(history: readonly HistoryRow[]): Turn[] {
  const turns: HistoryRow[][] = [];
  for (const row of history) {
    const open = turns.at(-1);
    if (open && row.role !== 'user') open.push(row);
    else turns.push([row]);
  }
  return turns.flatMap((rows) => {
    const messages = answered(rows.flatMap(toldMessages));
    if (messages.length === 0) return [];
    return [{ firstId: rows[0]?.id ?? '', messages, tokens: tokensOfMessages(messages) }];
  });
}

function toldMessages({ role, parts, status }: HistoryRow): ModelMessage[] {
  const messages = messagesOf(role, parts);
  if (status === 'incomplete') markBroken(messages);
  return messages;
}

/** What of the context goes into a request that has `budget` tokens left for it; `isCut`: not all of the session. */
export function toldOfTurns(
  { turns, hasEarlier, isWhole }: ModelContext,
  budget: number,
): { messages: readonly ModelMessage[]; firstId: string | null; isCut: boolean } {
  const kept = isWhole ? turns : cutHistory(turns, budget);
  return {
    messages: kept.flatMap(({ messages }) => messages),
    firstId: kept[0]?.firstId ?? null,
    isCut: hasEarlier || kept.length < turns.length,
  };
}

/** What one message of a session is for a model: an answer of several steps is several messages. */
function messagesOf(role: HistoryRow['role'], parts: readonly MessagePart[]): ModelMessage[] {
  if (role === 'system') return [];
  if (role === 'user') return [{ role, content: toldOf(parts) }];
  const messages: ModelMessage[] = [];
  for (const part of parts) {
    if (part.type === 'text' && part.text !== '' && role !== 'tool') addText(messages, role, part.text);
    else if (part.type === 'tool-call') addCall(messages, part.tool_call);
    else if (part.type === 'tool-result') messages.push(toolMessage(part.tool_call_id, part));
  }
  return messages;
}

/** Told of an answer that was stopped or failed, so that the next one does not go on with it. */
const BROKEN_OFF = '(This answer was broken off here.)';

function markBroken(messages: ModelMessage[]): void {
  const last = messages.findLast(({ role }) => role === 'assistant');
  if (last && last.content !== '') last.content = `${last.content}\n\n${BROKEN_OFF}`;
}

function addText(messages: ModelMessage[], role: 'user' | 'assistant', text: string): void {
  const last = messages.at(-1);
  if (last?.role === role && !('toolCalls' in last && last.toolCalls)) last.content += text;
  else messages.push({ role, content: text });
}

function addCall(messages: ModelMessage[], call: ToolCall): void {
  const last = messages.at(-1);
  const open = last?.role === 'assistant' ? last : { role: 'assistant' as const, content: '' };
  if (open !== last) messages.push(open);
  open.toolCalls = [...(open.toolCalls ?? []), call];
}

/** What the model reads as a call's result. */
export function toolMessage(toolCallId: string, result: { output?: unknown; error?: string }): ModelMessage {
  const { output, error } = result;
  if (error !== undefined) return { role: 'tool', toolCallId, content: JSON.stringify({ error }) };
  return { role: 'tool', toolCallId, content: typeof output === 'string' ? output : JSON.stringify(output ?? null) };
}

const NO_OUTPUT = 'The call was given up; there is no result.';

/** Providers refuse a call without its result directly behind it, and a result without its call. */
function answered(messages: readonly ModelMessage[]): ModelMessage[] {
  // Some providers count their calls anew in each answer, so that an id may come again: then in the order of the calls.
  const results = Map.groupBy(
    messages.filter((message) => message.role === 'tool'),
    ({ toolCallId }) => toolCallId,
  );
  return messages.flatMap((message): ModelMessage[] => {
    if (message.role === 'tool') return [];
    if (message.role === 'user' || !message.toolCalls) return [message];
    const ids = message.toolCalls.map(({ id }) => id);
    return [message, ...ids.map((id) => results.get(id)?.shift() ?? toolMessage(id, { error: NO_OUTPUT }))];
  });
}

/** What was said and called in the steps of this run that the model has finished. */
export function stepMessages(answer: Answer): ModelMessage[] {
  return answer.steps
    .filter(({ said, calls }) => said && calls.length > 0)
    .flatMap(({ partId, calls }): ModelMessage[] => [
      {
        role: 'assistant',
        content: answer.textOf(partId),
        toolCalls: calls.map(({ id, name, input, opaque }) => ({ id, name, input, ...(opaque && { opaque }) })),
      },
      ...calls.map(({ id, result }) => toolMessage(id, result ?? { error: NO_OUTPUT })),
    ]);
}

function attachmentsOf(parts: readonly MessagePart[]): string[] {
  return parts.filter((part) => part.type === 'attachment').map(({ attachment_id }) => attachment_id);
}

export function modelParameters(context: ModelContext): Omit<ModelRequest, 'messages' | 'passages' | 'signal'> {
  const { instructions, maxOutputTokens, temperature, topP, wishes, parallelToolCalls, stop, format } = context;
  return {
    instructions,
    ...(maxOutputTokens !== null && { maxOutputTokens }),
    ...(temperature !== null && { temperature }),
    ...(topP !== null && { topP }),
    ...(Object.keys(wishes).length > 0 && { wishes }),
    ...(!parallelToolCalls && { parallelToolCalls }),
    ...(stop.length > 0 && { stop }),
    ...(format && { format }),
  };
}
