import type { SseEvent } from '../../../platform/http/sse.ts';
import type { ThreadEvent } from '../wire.ts';

/** The end of every stream of these routes. */
export const DONE: SseEvent = { data: '[DONE]' };

/** ChatKit's events as clients of these routes know them: text comes as `thread.item.content.part.delta`. */
export function restEvents(events: readonly ThreadEvent[]): SseEvent[] {
  return events.flatMap((event) => {
    if (event.type !== 'thread.item.updated') return [{ data: JSON.stringify(event) }];
    const { update, item_id } = event;
    switch (update.type) {
      case 'assistant_message.content_part.text_delta':
        return [{ data: JSON.stringify({ type: 'thread.item.content.part.delta', item_id, delta: update.delta }) }];
      case 'assistant_message.content_part.added':
      case 'assistant_message.content_part.done':
        return [];
      default:
        return [{ data: JSON.stringify(event) }];
    }
  });
}
