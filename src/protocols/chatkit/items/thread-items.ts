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
  const unfinished = await unfinishedAnswer(reading.chat, reading.principal, session);
  const begun = unfinished?.answer.items() ?? [];
  const isInBegun = begun.some(({ id }) => id === after);
  if (order === 'desc') {
    if (after === null || isInBegun) yield behind(begun);
  } else if (isInBegun) return yield behind(begun);
  const start = after === null || isInBegun ? null : await messageOfItem(reading, session.id, after);
  if (start) yield behind(itemsOf(start, reading.previewUrl));
  // An answer that has ended meanwhile is a message by now.
  let isKept = start?.id === unfinished?.messageId;
  for await (const messages of messagesBehind(reading, session.id, order, start)) {
    const ended = messages.find(({ id }) => id === unfinished?.messageId);
    isKept ||= ended !== undefined;
    const others = order === 'asc' ? messages : messages.filter((message) => message !== ended);
    yield others.flatMap((message) => behind(itemsOf(message, reading.previewUrl)));
  }
  if (order === 'asc' && !isKept) yield begun;
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
  answer.end();
  return answer.items();
}

/** The items of an answer that has not ended; its message is kept only at its end. */
export async function unfinishedItems(
  { chat, principal }: Reading,
  session: SessionView,
): Promise<readonly ThreadItem[]> {
  return (await unfinishedAnswer(chat, principal, session))?.answer.items() ?? [];
}

export type UnfinishedAnswer = {
  runId: string;
  messageId: string;
  answer: AnswerItems;
};

export type WaitingAnswer = UnfinishedAnswer & {
  /** What a client has to be told of what it waits for. */
  shown: readonly ThreadEvent[];
  lastSeq: number;
};

/** The answer of this session that waits for the page, with what it shows; null when none does. */
export async function waitingAnswer(
  chat: Chat,
  principal: Principal,
  session: SessionView,
): Promise<WaitingAnswer | null> {
  const unfinished = await unfinishedAnswer(chat, principal, session);
  return unfinished?.waiting ? { ...unfinished, ...unfinished.waiting } : null;
}

/** `waiting`: what it shows a client that it waits for. */
type Unfinished = UnfinishedAnswer & { waiting: Pick<WaitingAnswer, 'shown' | 'lastSeq'> | null };

/** The answer that this session is being given, as far as it is; null when none is. */
export async function unfinishedAnswer(
  { runs }: Chat,
  principal: Principal,
  session: SessionView,
): Promise<Unfinished | null> {
  if (session.active_run_id === null) return null;
  const { id, message_id, status, last_seq } = await runs.get(principal, session.active_run_id);
  if (status !== 'waiting' && status !== 'running') return null;
  const answer = new AnswerItems({ id: message_id, session_id: session.id });
  for (const event of await runs.log(principal, id)) answer.add(event);
  const waiting = status === 'waiting' ? { shown: answer.showWaiting(), lastSeq: last_seq } : null;
  return { runId: id, messageId: message_id, answer, waiting };
}
