import type { SessionView } from '../../features/chat/index.ts';
import { threadId } from './ids.ts';
import type { Page, ThreadItem, ThreadView } from './wire.ts';

const NO_ITEMS: Page<ThreadItem> = { data: [], has_more: false };

/** A session as a thread. What the server keeps about it is never sent. */
export function threadView(
  { id, created_at, title }: Pick<SessionView, 'id' | 'created_at' | 'title'>,
  items: Page<ThreadItem> = NO_ITEMS,
): ThreadView {
  return {
    id: threadId(id),
    created_at,
    ...(title !== null && { title }),
    status: { type: 'active' },
    metadata: {},
    items,
  };
}
