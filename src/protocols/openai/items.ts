import type { MessageView } from '../../features/chat/index.ts';
import { isId } from '../../platform/id.ts';
import { fileCitation } from './citation.ts';
import { prefixed, unprefixed } from './ids.ts';
import { openaiErrors } from './openai.errors.ts';
import type { ItemsQuery } from './responses/responses.schema.ts';
import { argumentsOf } from './tools.ts';

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

type ToolItem = { type: 'function_call' | 'function_call_output'; id: string; status: string; call_id: string };
type Item = ReturnType<typeof itemView> | ToolItem;

/** A kept message as the items that it is made of: what it says, and the calls and outputs of functions. */
export function itemViews(message: MessageView): Item[] {
  const { id, parts } = message;
  const tools = parts.flatMap((part, index): ToolItem[] => {
    const shared = { id: `fc_${id}_${index}`, status: 'completed' };
    if (part.type === 'tool-call') {
      const { id: call_id, name, input } = part.tool_call;
      const call = { call_id, name, arguments: argumentsOf(input) };
      return [{ type: 'function_call', ...shared, ...call }];
    }
    if (part.type !== 'tool-result') return [];
    const output = part.error ?? argumentsOf(part.output);
    const result = { call_id: part.tool_call_id, output };
    return [{ type: 'function_call_output', ...shared, ...result }];
  });
  return tools.length > 0 && message.content === '' ? tools : [itemView(message), ...tools];
}

const TOOL_ITEM = /^fc_([0-9a-f-]{36})_\d+$/;

/** The message that an item is, or is a part of; null for what is no id of an item. */
export function messageIdOf(itemId: string): string | null {
  const id = TOOL_ITEM.exec(itemId)?.[1] ?? unprefixed('msg_', itemId);
  return id !== null && isId(id) ? id : null;
}

/** A message's items in the order of a list. */
export function itemsInOrder(message: MessageView, order: ItemsQuery['order']): Item[] {
  const items = itemViews(message);
  return order === 'asc' ? items : items.toReversed();
}

/** Those behind the one of this id. @throws ApiError where it is not among them */
export function itemsAfter(items: readonly Item[], after: string): readonly Item[] {
  const place = items.findIndex(({ id }) => id === after);
  if (place === -1)
    throw openaiErrors.itemNotFound(undefined, { fields: [{ field: 'after', message: 'is no item here' }] });
  return items.slice(place + 1);
}

/** A page of items that are all at hand, in OpenAI's form of a list. @throws ApiError for an `after` that is not among them */
export function itemPage(messages: readonly MessageView[], { limit = 20, order = 'desc', after }: ItemsQuery) {
  const all = (order === 'asc' ? messages : messages.toReversed()).flatMap((message) => itemsInOrder(message, order));
  const items = after === undefined ? all : itemsAfter(all, after);
  return itemList(items.slice(0, limit), items.length > limit);
}

export function itemList(items: readonly Item[], hasMore: boolean) {
  return {
    object: 'list',
    data: items,
    first_id: items[0]?.id ?? null,
    last_id: items.at(-1)?.id ?? null,
    has_more: hasMore,
  };
}
