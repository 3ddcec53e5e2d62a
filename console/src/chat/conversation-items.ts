import type { Message, RecalledItem } from '../api/types.ts';
import { type AnswerPart, partsOfMessage } from './answer.ts';
import { progressText } from './answer-progress.tsx';
import { isAnswering, type LiveRun } from './live-runs.ts';
import { callsOfMessage, type ToolCallEntry } from './tool-calls.ts';

export type ConversationItem =
  | { kind: 'question'; key: string; text: string }
  | {
      kind: 'answer';
      key: string;
      parts: readonly AnswerPart[];
      calls: readonly ToolCallEntry[];
      runId: string | null;
      stopped: boolean;
      progress: string | null;
      /** Told by the live answer; of a stored one it is read apart, by its run. */
      recalled: readonly RecalledItem[];
    };

/**
 * What a conversation shows: the stored messages, then what is not stored yet. An answer has the same key before and after
 * it is stored, so that the page keeps its elements, and with them the focus and the place.
 */
export function conversationItems(
  messages: readonly Message[],
  live: LiveRun | null,
  known: KnownItems,
): ConversationItem[] {
  const items = messages.flatMap((message) => itemOf(message, known));
  return live === null ? items : [...items, ...liveItems(messages, live)];
}

/**
 * The items that were made before, by message. Stored messages never change, so neither do their items: a long conversation
 * is drawn once, also when its pages are read again and each message comes as a new object.
 */
export type KnownItems = Map<string, ConversationItem>;

function itemOf(message: Message, known: KnownItems): ConversationItem[] {
  const { id, role, content, status } = message;
  if (role !== 'user' && role !== 'assistant') return [];
  const before = known.get(id);
  if (before) return [before];
  const item: ConversationItem =
    role === 'user'
      ? { kind: 'question', key: id, text: content }
      : {
          kind: 'answer',
          key: id,
          parts: partsOfMessage(message),
          calls: callsOfMessage(message),
          runId: message.run_id,
          stopped: status === 'incomplete',
          progress: null,
          recalled: [],
        };
  known.set(id, item);
  return [item];
}

function liveItems(messages: readonly Message[], live: LiveRun): ConversationItem[] {
  const { answer, question } = live;
  const isStored = (role: Message['role']) =>
    answer.runId !== null && messages.some((message) => message.role === role && message.run_id === answer.runId);
  const items: ConversationItem[] = [];
  if (question !== null && !isStored('user')) items.push({ kind: 'question', key: 'question', text: question });
  const progress = isAnswering(live) ? progressText(live) : null;
  if (!isStored('assistant') && (progress !== null || answer.parts.length > 0 || answer.calls.length > 0)) {
    const stopped = answer.status === 'cancelled';
    const { parts, calls, runId, recalled } = answer;
    items.push({ kind: 'answer', key: answer.messageId ?? 'answer', parts, calls, runId, stopped, progress, recalled });
  }
  return items;
}

export function lastQuestion(messages: readonly Message[]): string {
  return messages.findLast(({ role }) => role === 'user')?.content ?? '';
}
