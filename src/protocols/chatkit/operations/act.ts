import type { ActPart, SessionView } from '../../../features/chat/index.ts';
import { chatkitErrors } from '../chatkit.errors.ts';
import { messageIdOf } from '../ids.ts';
import { itemsOf, unfinishedItems } from '../items/thread-items.ts';
import type { Acting } from './turn.ts';

type ActionParams = { item_id?: string | null; action: { type: string; payload?: unknown } };

/** What a user did in a widget, or somewhere else in the page. @throws ApiError ERR_CHATKIT_002, 004 */
export async function actOf(acting: Acting, session: SessionView, { item_id, action }: ActionParams): Promise<ActPart> {
  if (typeof item_id === 'string') await assertWidget(acting, session, item_id);
  return {
    type: 'act',
    name: action.type,
    payload: action.payload ?? null,
    ...(typeof item_id === 'string' && { shown_in: item_id }),
  };
}

async function assertWidget(
  { deps, principal, previewUrl }: Acting,
  session: SessionView,
  item: string,
): Promise<void> {
  const { chat } = deps;
  const begun = await unfinishedItems({ chat, principal, previewUrl }, session);
  const messageId = messageIdOf(item);
  if (messageId === null) throw chatkitErrors.itemNotFound();
  const isBegun = begun.some(({ id }) => id === item);
  const items = isBegun ? begun : itemsOf(await chat.sessions.message(principal, session.id, messageId), previewUrl);
  const found = items.find(({ id }) => id === item);
  if (!found) throw chatkitErrors.itemNotFound();
  if (found.type !== 'widget') throw chatkitErrors.notAWidget();
}
