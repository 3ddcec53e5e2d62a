import type { AnswerFormat, ModelMessage, ModelRequest } from '../../../ai/chat-model.ts';
import { contentOf, type MessagePart, toldOf } from '../message.ts';
import type { Answer } from './answer.ts';
import type { HistoryRow, RunRequest, RunRow } from './run.store.ts';

/** What the model is told, before the evidence is added. */
export type ModelContext = {
  instructions: string | null;
  messages: readonly ModelMessage[];
  /** What the user wrote last, without what the model is told beside it. */
  question: string;
  maxOutputTokens: number | null;
  temperature: number | null;
  stop: readonly string[];
  /** Null: prose. */
  format: AnswerFormat | null;
  /** Files that came with messages that the model is told, newest first. */
  attachmentIds: readonly string[];
};

/** Characters of earlier messages that are sent along: about 6,000 tokens, which every current model takes. */
const HISTORY_BUDGET = 24_000;
const RECENT_MESSAGES = 50;
/** Messages that one request may bring along; its session then holds them, the question and the answer. */
export const MOST_GIVEN_MESSAGES = 1_000;

/** Messages of the session that a run reads. */
export function historyLimit({ whole_history }: RunRequest): number {
  return whole_history ? MOST_GIVEN_MESSAGES + 2 : RECENT_MESSAGES;
}

export function contextOf(run: RunRow, history: readonly HistoryRow[]): ModelContext {
  const said = history.filter(({ id }) => id !== run.message_id);
  return {
    instructions: instructionsOf(run.request),
    messages: answered(withinBudget(said, run.request.whole_history ? Number.POSITIVE_INFINITY : HISTORY_BUDGET)),
    question: contentOf(said.findLast(({ role }) => role === 'user')?.parts ?? []),
    attachmentIds: said.toReversed().flatMap(({ parts }) => attachmentsOf(parts)),
    maxOutputTokens: run.request.max_output_tokens,
    temperature: run.request.temperature,
    stop: run.request.stop ?? [],
    format: run.request.answer_format ?? null,
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
export function questionOf({ messages, question }: ModelContext): {
  question: string;
  earlier: readonly ModelMessage[];
} {
  const at = messages.findLastIndex(({ role }) => role === 'user');
  return { question, earlier: messages.slice(0, Math.max(at, 0)) };
}

/** The newest messages that fit, oldest first. The last one is what was asked: it always stays, whole. */
function withinBudget(history: readonly HistoryRow[], budget: number): ModelMessage[] {
  const kept: ModelMessage[][] = [];
  let left = budget;
  for (const { role, parts, status } of history.toReversed()) {
    const messages = messagesOf(role, parts);
    if (status === 'incomplete') markBroken(messages);
    left -= messages.reduce((sum, message) => sum + lengthOf(message), 0);
    if (kept.length > 0 && left < 0) break;
    if (messages.length > 0) kept.push(messages);
  }
  return kept.toReversed().flat();
}

function lengthOf(message: ModelMessage): number {
  const calls = message.role === 'assistant' && message.toolCalls ? JSON.stringify(message.toolCalls).length : 0;
  return message.content.length + calls;
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

function addCall(messages: ModelMessage[], { id, name, input }: { id: string; name: string; input: unknown }): void {
  const last = messages.at(-1);
  const open = last?.role === 'assistant' ? last : { role: 'assistant' as const, content: '' };
  if (open !== last) messages.push(open);
  open.toolCalls = [...(open.toolCalls ?? []), { id, name, input }];
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
        toolCalls: calls.map(({ id, name, input }) => ({ id, name, input })),
      },
      ...calls.map(({ id, result }) => toolMessage(id, result ?? { error: NO_OUTPUT })),
    ]);
}

function attachmentsOf(parts: readonly MessagePart[]): string[] {
  return parts.filter((part) => part.type === 'attachment').map(({ attachment_id }) => attachment_id);
}

export function modelMessages(context: ModelContext): Omit<ModelRequest, 'passages' | 'signal'> {
  const { instructions, messages, maxOutputTokens, temperature, stop, format } = context;
  return {
    instructions,
    messages,
    ...(maxOutputTokens !== null && { maxOutputTokens }),
    ...(temperature !== null && { temperature }),
    ...(stop.length > 0 && { stop }),
    ...(format && { format }),
  };
}
