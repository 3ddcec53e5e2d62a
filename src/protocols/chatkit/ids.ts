import { isId } from '../../platform/id.ts';
import { chatkitErrors } from './chatkit.errors.ts';

/** An item's kind, as its id begins: messages, calls of the page's tools, workflows, questions, widgets, images. */
export type ItemPrefix = 'msg' | 'tc' | 'wf' | 'ask' | 'wdg' | 'img';

/** A thread is a session: `thr_` and its id. */
export function threadId(sessionId: string): string {
  return `thr_${sessionId}`;
}

/** The session of a thread. @throws ApiError ERR_CHATKIT_001 */
export function sessionIdOf(thread: string): string {
  const id = thread.replace(/^thr_/, '');
  if (!isId(id)) throw chatkitErrors.threadNotFound();
  return id;
}

/** An item belongs to a message. Several come from one answer: `place` tells them apart. */
export function itemId(prefix: ItemPrefix, messageId: string, place = ''): string {
  return `${prefix}_${messageId}${place === '' ? '' : `_${place}`}`;
}

const ITEM = /^[a-z]+_([0-9a-f-]{36})(?:_.+)?$/;

/** The message that an item belongs to; null when it is no id of ours. */
export function messageIdOf(item: string): string | null {
  const id = ITEM.exec(item)?.[1];
  return id !== undefined && isId(id) ? id : null;
}

/** An attachment's id in ours; null when it is none. */
export function attachmentIdOf(attachment: string): string | null {
  const id = attachment.replace(/^atc_/, '');
  return isId(id) ? id : null;
}

/** When an id was made, which is when its answer was begun: an item keeps this time while it is written and afterwards. */
export function timeOf(id: string): string {
  return new Date(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toISOString();
}
