import type { Message, RecalledItem } from '../api/types.ts';
import { type AnswerPart, partsOfMessage } from './answer.ts';
import { progressText } from './answer-progress.tsx';
import { isAnswering, type LiveRun } from './live-runs.ts';
import { callsOfMessage, type ToolCallEntry } from './tool-calls.ts';

export type ConversationItem =
  | { kind: 'question'; key: string; text: string; place: Place | null }
  | {
      kind: 'answer';
      key: string;
      place: Place | null;
      parts: readonly AnswerPart[];
      calls: readonly ToolCallEntry[];
      runId: string | null;
      stopped: boolean;
      progress: string | null;
      /** Told by the live answer; of a stored one it is read apart, by its run. */
      recalled: readonly RecalledItem[];
    };

/** Where a stored message stands: its id, and all that was said in its place, oldest first. Null before it is stored. */
export type Place = { id: string; siblings: readonly string[] };

/**
 * What a conversation shows: the stored messages, then what is not stored yet. An answer has the same key before and after
 * it is stored, so that the page keeps its elements, and with them the focus and the place.
 */
export function conversationItems(
  messages: readonly Message[],
  live: LiveRun | null,
  known: KnownItems,
): ConversationItem[] {
  const kept = live === null ? messages : withoutReplaced(messages, live);
  const items = kept.flatMap((message) => itemOf(message, known));
  return live === null ? items : [...items, ...liveItems(messages, live)];
}

/**
 * The items that were made before, by message. Of a stored message only its branches change, so its item stays: a long conversation
 * is drawn once, also when its pages are read again and each message comes as a new object.
 */
export type KnownItems = Map<string, ConversationItem>;

/** What a run stands in the place of makes room for it with all that followed, until it is stored on its own branch. */
function withoutReplaced(messages: readonly Message[], { replaces }: LiveRun): readonly Message[] {
  const at = messages.findIndex(({ id }) => id === replaces?.messageId);
  if (replaces === null || at < 0) return messages;
  // A question that is answered once more stays; so does nothing else.
  return messages.slice(0, replaces.kind === 'answer' && messages[at]?.role === 'user' ? at + 1 : at);
}

function itemOf(message: Message, known: KnownItems): ConversationItem[] {
  const { id, role, content, status } = message;
  if (role !== 'user' && role !== 'assistant') return [];
  const { siblings = [] } = message;
  const before = known.get(id);
  if (before?.place?.siblings.join() === siblings.join()) return [before];
  const place = { id, siblings };
  const item: ConversationItem =
    role === 'user'
      ? { kind: 'question', key: id, text: content, place }
      : {
          kind: 'answer',
          key: id,
          place,
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
  if (question !== null && !isStored('user'))
    items.push({ kind: 'question', key: 'question', text: question, place: null });
  const progress = isAnswering(live) ? progressText(live) : null;
  if (!isStored('assistant') && (progress !== null || answer.parts.length > 0 || answer.calls.length > 0)) {
    const stopped = answer.status === 'cancelled';
    const { parts, calls, runId, recalled } = answer;
    items.push({
      kind: 'answer',
      key: answer.messageId ?? 'answer',
      place: null,
      parts,
      calls,
      runId,
      stopped,
      progress,
      recalled,
    });
  }
  return items;
}

export function lastQuestion(messages: readonly Message[]): string {
  return messages.findLast(({ role }) => role === 'user')?.content ?? '';
}
