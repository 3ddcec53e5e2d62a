import type { Message } from '../api/types.ts';
import { type AnswerPart, partsOfMessage } from './answer.ts';
import { progressText } from './answer-progress.tsx';
import { isAnswering, type LiveRun } from './live-runs.ts';

export type ConversationItem =
  | { kind: 'question'; key: string; text: string }
  | { kind: 'answer'; key: string; parts: readonly AnswerPart[]; stopped: boolean; progress: string | null };

/**
 * What a conversation shows: the stored messages, then what is not stored yet. An answer has the same key before and after
 * it is stored, so that the page keeps its elements, and with them the focus and the place.
 */
export function conversationItems(messages: readonly Message[], live: LiveRun | null): ConversationItem[] {
  const items = messages.flatMap(itemOf);
  return live === null ? items : [...items, ...liveItems(messages, live)];
}

/** Messages never change, so neither do their items: a long conversation is drawn once. */
const itemsOfMessages = new WeakMap<Message, ConversationItem>();

function itemOf(message: Message): ConversationItem[] {
  const { id, role, content, status } = message;
  if (role !== 'user' && role !== 'assistant') return [];
  const known = itemsOfMessages.get(message);
  if (known) return [known];
  const item: ConversationItem =
    role === 'user'
      ? { kind: 'question', key: id, text: content }
      : { kind: 'answer', key: id, parts: partsOfMessage(message), stopped: status === 'incomplete', progress: null };
  itemsOfMessages.set(message, item);
  return [item];
}

function liveItems(messages: readonly Message[], live: LiveRun): ConversationItem[] {
  const { answer, question } = live;
  const isStored = (role: Message['role']) =>
    answer.runId !== null && messages.some((message) => message.role === role && message.run_id === answer.runId);
  const items: ConversationItem[] = [];
  if (question !== null && !isStored('user')) items.push({ kind: 'question', key: 'question', text: question });
  const progress = isAnswering(live) ? progressText(live) : null;
  if (!isStored('assistant') && (progress !== null || answer.parts.length > 0)) {
    const stopped = answer.status === 'cancelled';
    items.push({ kind: 'answer', key: answer.messageId ?? 'answer', parts: answer.parts, stopped, progress });
  }
  return items;
}

export function lastQuestion(messages: readonly Message[]): string {
  return messages.findLast(({ role }) => role === 'user')?.content ?? '';
}
