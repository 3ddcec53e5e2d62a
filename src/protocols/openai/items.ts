import type { MessageView } from '../../features/chat/index.ts';
import { fileCitation } from './citation.ts';
import { prefixed } from './ids.ts';
import type { ItemsQuery } from './responses/responses.schema.ts';

/** A kept message as an item of a conversation, or of a response's input. */
export function itemView(message: MessageView) {
  const { id, role, status, content: text, parts } = message;
  const annotations = parts.filter((part) => part.type === 'citation').map(fileCitation);
  const content =
    role === 'assistant' ? { type: 'output_text', text, annotations, logprobs: [] } : { type: 'input_text', text };
  return {
    type: 'message',
    id: prefixed('msg_', id),
    role,
    status: status === 'complete' ? 'completed' : 'incomplete',
    content: [content],
  };
}

/** A page of items that are all at hand, in OpenAI's form of a list. */
export function itemPage(messages: readonly MessageView[], { limit = 20, order = 'desc', after }: ItemsQuery) {
  const items = (order === 'asc' ? messages : messages.toReversed()).map(itemView);
  const start = after === undefined ? 0 : items.findIndex(({ id }) => id === after) + 1;
  return itemList(items.slice(start, start + limit), items.length > start + limit);
}

export function itemList(items: readonly ReturnType<typeof itemView>[], hasMore: boolean) {
  return {
    object: 'list',
    data: items,
    first_id: items[0]?.id ?? null,
    last_id: items.at(-1)?.id ?? null,
    has_more: hasMore,
  };
}
