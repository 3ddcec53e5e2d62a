import type { Chat, MessageView, SessionView } from '../../../features/chat/index.ts';
import type { Principal } from '../../../features/identity/index.ts';
import { encodeCursor } from '../../../platform/http/pagination.ts';
import { chatkitErrors } from '../chatkit.errors.ts';
import { messageIdOf } from '../ids.ts';
import type { Page, ThreadEvent, ThreadItem } from '../wire.ts';
import { eventsOfParts } from './answer-event.ts';
import { AnswerItems } from './answer-items.ts';
import { type PreviewUrl, userItem } from './user-item.ts';

export type ItemQuery = { limit: number; order: 'asc' | 'desc'; after: string | null };
export type Reading = { chat: Chat; principal: Principal; previewUrl: PreviewUrl };

/** Messages that one read brings. */
const BATCH = 50;

/** A page of a thread's items. Nothing that is hidden counts, so that every page but the last is full. */
export async function itemPage(reading: Reading, session: SessionView, query: ItemQuery): Promise<Page<ThreadItem>> {
  const { limit } = query;
  const items: ThreadItem[] = [];
  for await (const batch of itemsBehind(reading, session, query)) {
    items.push(...batch);
    if (items.length > limit) break;
  }
  const data = items.slice(0, limit);
  const last = data.at(-1);
  return items.length > limit && last ? { data, has_more: true, after: last.id } : { data, has_more: false };
}

/** Items behind `after` in the order that is asked for, message by message. */
async function* itemsBehind(
  reading: Reading,
  session: SessionView,
  { order, after }: ItemQuery,
): AsyncGenerator<readonly ThreadItem[]> {
  const behind = (items: readonly ThreadItem[]) => {
    const ordered = order === 'asc' ? items : items.toReversed();
    return ordered.slice(ordered.findIndex(({ id }) => id === after) + 1);
  };
  const waiting = await waitingItems(reading, session);
  const isInWaiting = waiting.some(({ id }) => id === after);
  if (order === 'desc') {
    if (after === null || isInWaiting) yield behind(waiting);
  } else if (isInWaiting) return yield behind(waiting);
  const start = after === null || isInWaiting ? null : await messageOfItem(reading, session.id, after);
  if (start) yield behind(itemsOf(start, reading.previewUrl));
  for await (const messages of messagesBehind(reading, session.id, order, start)) {
    yield messages.flatMap((message) => behind(itemsOf(message, reading.previewUrl)));
  }
  if (order === 'asc') yield waiting;
}

async function* messagesBehind(
  { chat, principal }: Reading,
  sessionId: string,
  order: 'asc' | 'desc',
  start: MessageView | null,
): AsyncGenerator<readonly MessageView[]> {
  let cursor = start && encodeCursor([start.created_at, start.id]);
  do {
    const query = { limit: BATCH, order, ...(cursor !== null && { cursor }) };
    const page = await chat.sessions.messages(principal, sessionId, query);
    yield page.data;
    cursor = page.next_cursor;
  } while (cursor !== null);
}

async function messageOfItem({ chat, principal }: Reading, sessionId: string, item: string): Promise<MessageView> {
  const id = messageIdOf(item);
  if (id === null) throw chatkitErrors.itemNotFound('after is not the id of an item of this thread.');
  return chat.sessions.message(principal, sessionId, id);
}

/** What a kept message is for ChatKit: mostly one item, none for what the page is not shown. */
export function itemsOf(message: MessageView, previewUrl: PreviewUrl): readonly ThreadItem[] {
  if (message.role === 'user') {
    return message.parts.some(({ type }) => type === 'act') ? [] : [userItem(message, previewUrl)];
  }
  if (message.role !== 'assistant') return [];
  const answer = new AnswerItems(message);
  for (const event of eventsOfParts(message.parts)) answer.add(event);
  answer.showWaiting();
  answer.abandonQuestions();
  return answer.items();
}

/** The items of an answer that waits for the page; its message is kept only at its end. */
export async function waitingItems({ chat, principal }: Reading, session: SessionView): Promise<readonly ThreadItem[]> {
  const waiting = await waitingAnswer(chat, principal, session);
  return waiting?.answer.items() ?? [];
}

export type WaitingAnswer = {
  runId: string;
  messageId: string;
  answer: AnswerItems;
  /** What a client has to be told of what it waits for. */
  shown: readonly ThreadEvent[];
  lastSeq: number;
};

/** The answer of this session that waits for the page, with what it shows; null when none does. */
export async function waitingAnswer(
  { runs }: Chat,
  principal: Principal,
  session: SessionView,
): Promise<WaitingAnswer | null> {
  if (session.active_run_id === null) return null;
  const run = await runs.get(principal, session.active_run_id);
  if (run.status !== 'waiting') return null;
  const answer = new AnswerItems({ id: run.message_id, session_id: session.id });
  for (const event of await runs.log(principal, run.id)) answer.add(event);
  const shown = answer.showWaiting();
  return { runId: run.id, messageId: run.message_id, answer, shown, lastSeq: run.last_seq };
}
