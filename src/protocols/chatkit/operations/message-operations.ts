import type { InputPart, RunInput, RunView, SessionView } from '../../../features/chat/index.ts';
import { encodeCursor } from '../../../platform/http/pagination.ts';
import { chatkitErrors } from '../chatkit.errors.ts';
import type { UserInput } from '../chatkit.schema.ts';
import { attachmentIdOf, messageIdOf, sessionIdOf } from '../ids.ts';
import { unfinishedAnswer } from '../items/thread-items.ts';
import { userItem } from '../items/user-item.ts';
import { threadView } from '../thread.ts';
import type { ThreadEvent } from '../wire.ts';
import { makingWay } from './making-way.ts';
import { type Acting, answerOf, type ParamsOf, type Turn } from './turn.ts';
import { inputParts, runInput } from './user-input.ts';

/** `threads.create`: a session with its first message. */
export async function createThread(acting: Acting, { input }: ParamsOf<'threads.create'>): Promise<Turn> {
  const { deps, principal, options } = acting;
  const { chat, documents } = deps;
  const attachments = await documents.attachments.usable(principal, attachmentIds(input), null);
  const asked = runInput(options, inputParts(input, attachments));
  const ids = attachments.map(({ id }) => id);
  const run = await acting.once(() =>
    ids.length === 0 ? chat.runs.createInNewSession(principal, {}, asked) : createWithFiles(acting, asked, ids),
  );
  const session = await chat.sessions.get(principal, run.session_id);
  const created: ThreadEvent = { type: 'thread.created', thread: threadView({ ...session, title: null }) };
  const opening = [created, await saidEvent(acting, run)];
  return { session, opening, answer: answerOf(run), knownTitle: null };
}

/** Files live as long as their session, so that it has to be there before them. */
async function createWithFiles({ deps, principal }: Acting, asked: RunInput, ids: readonly string[]): Promise<RunView> {
  const { sessions, runs } = deps.chat;
  const { id } = await sessions.create(principal, {});
  try {
    await deps.documents.attachments.assign(principal, ids, id);
    return await runs.create(principal, id, asked);
  } catch (error) {
    await sessions.remove(principal, id).catch(() => undefined);
    throw error;
  }
}

/** `threads.add_user_message`. */
export async function addUserMessage(acting: Acting, params: ParamsOf<'threads.add_user_message'>): Promise<Turn> {
  const { deps, principal, options } = acting;
  const { attachments } = deps.documents;
  const session = await deps.chat.sessions.get(principal, sessionIdOf(params.thread_id));
  const files = await attachments.usable(principal, attachmentIds(params.input), session.id);
  const asked = runInput(options, inputParts(params.input, files));
  const ids = files.map(({ id }) => id);
  await attachments.assign(principal, ids, session.id);
  const run = await acting.once(() => ask(acting, session, asked));
  return turnAfter(acting, session, run, [await saidEvent(acting, run)]);
}

/** `threads.custom_action`: what the user did becomes a message that the page is not shown, and is answered. */
export async function customAction(acting: Acting, session: SessionView, act: InputPart): Promise<Turn> {
  const run = await acting.once(() => ask(acting, session, runInput(acting.options, [act])));
  return turnAfter(acting, session, run, []);
}

/** The user writes on: what waits for them is given up, what they have just stopped comes to its end first. */
function ask({ deps: { chat }, principal, signal }: Acting, { id }: SessionView, asked: RunInput): Promise<RunView> {
  return makingWay(chat, principal, id, () => chat.runs.create(principal, id, asked), { signal });
}

/** A session that had no title has one now. */
async function turnAfter(
  { deps, principal }: Acting,
  before: SessionView,
  run: RunView,
  opening: readonly ThreadEvent[],
): Promise<Turn> {
  const session = before.title === null ? await deps.chat.sessions.get(principal, before.id) : before;
  return { session, opening, answer: answerOf(run), knownTitle: before.title };
}

async function saidEvent({ deps, principal, previewUrl }: Acting, run: RunView): Promise<ThreadEvent> {
  const said = (await deps.chat.runs.inputs(principal, run.id)).at(-1);
  if (!said) throw chatkitErrors.itemNotFound();
  return { type: 'thread.item.done', item: userItem(said, previewUrl) };
}

/** `threads.retry_after_item`: a message is answered once more; what was said after it stays on a branch
 * that the page no longer shows. What still answers is stopped. */
export async function retryAfterItem(acting: Acting, params: ParamsOf<'threads.retry_after_item'>): Promise<Turn> {
  const { deps, principal, options } = acting;
  const session = await deps.chat.sessions.get(principal, sessionIdOf(params.thread_id));
  const question = await questionOf(acting, session, params.item_id);
  const { input: _, ...asked } = runInput(options, question.parts as InputPart[]);
  const { runs } = deps.chat;
  const again = () => runs.again(principal, session.id, question.id, asked);
  const { signal } = acting;
  const run = await acting.once(() => makingWay(deps.chat, principal, session.id, again, { signal, stop: true }));
  return { session, opening: [], answer: answerOf(run), knownTitle: session.title };
}

/** The user's message at an item or before it: a page may name the last item of the turn before. */
async function questionOf({ deps, principal }: Acting, session: SessionView, item: string) {
  const { sessions } = deps.chat;
  const id = messageIdOf(item);
  if (id === null) throw chatkitErrors.itemNotFound();
  const unfinished = await unfinishedAnswer(deps.chat, principal, session);
  const start = unfinished?.messageId === id ? null : await sessions.message(principal, session.id, id);
  if (start?.role === 'user') return start;
  const cursor = start && encodeCursor([start.created_at, start.id]);
  const query = { order: 'desc' as const, limit: 100, ...(cursor !== null && { cursor }) };
  const { data } = await sessions.messages(principal, session.id, query);
  const question = data.find(({ role }) => role === 'user');
  if (!question) throw chatkitErrors.itemNotFound('There is no message of the user before this item.');
  return question;
}

function attachmentIds({ attachments = [] }: UserInput): string[] {
  return attachments.map((given) => {
    const id = attachmentIdOf(given);
    if (id === null) throw chatkitErrors.attachmentNotFound();
    return id;
  });
}
