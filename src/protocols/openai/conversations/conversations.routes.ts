import type { GivenMessage, SessionView } from '../../../features/chat/index.ts';
import { encodeCursor } from '../../../platform/http/pagination.ts';
import type { App } from '../../../platform/http/server.ts';
import type { OpenaiDependencies } from '../dependencies.ts';
import { prefixed, seconds, unprefixed } from '../ids.ts';
import { itemList, itemsAfter, itemsInOrder, itemView, itemViews, messageIdOf } from '../items.ts';
import { openaiErrors } from '../openai.errors.ts';
import { messageOf } from '../responses/response-request.ts';
import { ItemsQuery } from '../responses/responses.schema.ts';
import { unsupportedField } from '../unsupported.ts';
import {
  ConversationBody,
  ConversationChange,
  ConversationParams,
  ItemParams,
  type NewItems,
  NewItems as NewItemsBody,
} from './conversations.schema.ts';

const tags = ['OpenAI'];

/** Conversations are sessions: `conv_` and the session's id. */
export function conversationRoutes(app: App, deps: OpenaiDependencies): void {
  sessionRoutes(app, deps);
  itemRoutes(app, deps);
}

function sessionRoutes(app: App, { chat: { sessions } }: OpenaiDependencies): void {
  const params = ConversationParams;
  app.post(
    '/v1/conversations',
    { config: { access: 'member' }, schema: { tags, summary: 'Begin a conversation', body: ConversationBody } },
    async (request) => {
      const { principal, body } = request;
      const messages = messagesOf(body.items ?? []);
      const metadata = body.metadata ?? {};
      const session = await request.once(() => sessions.create(principal, { metadata }, messages));
      return conversationView(session);
    },
  );
  app.get(
    '/v1/conversations/:id',
    { config: { access: 'viewer' }, schema: { tags, summary: 'One conversation', params } },
    async ({ principal, params: { id } }) => conversationView(await sessions.get(principal, sessionIdOf(id))),
  );
  app.post(
    '/v1/conversations/:id',
    {
      config: { access: 'member' },
      schema: { tags, summary: 'Replace a conversation’s metadata', params, body: ConversationChange },
    },
    async ({ principal, params: { id }, body }) =>
      conversationView(await sessions.update(principal, sessionIdOf(id), { metadata: body.metadata ?? {} })),
  );
  app.delete(
    '/v1/conversations/:id',
    { config: { access: 'member' }, schema: { tags, summary: 'Delete a conversation with all in it', params } },
    async ({ principal, params: { id } }) => {
      await sessions.remove(principal, sessionIdOf(id));
      return { id, object: 'conversation.deleted', deleted: true };
    },
  );
}

function itemRoutes(app: App, { chat: { sessions } }: OpenaiDependencies): void {
  app.get(
    '/v1/conversations/:id/items',
    {
      config: { access: 'viewer' },
      schema: { tags, summary: 'The messages of a conversation', params: ConversationParams, querystring: ItemsQuery },
    },
    async ({ principal, params, query }) => {
      const id = sessionIdOf(params.id);
      const { limit = 20, order = 'desc', after } = query;
      const last = after === undefined ? null : await sessions.message(principal, id, knownItem(after));
      const cursor = last && encodeCursor([last.created_at, last.id]);
      const page = await sessions.messages(principal, id, { limit, order, ...(cursor !== null && { cursor }) });
      // A message may be several items, of which the page before took some.
      const begun = last && after !== undefined ? itemsAfter(itemsInOrder(last, order), after) : [];
      const items = [...begun, ...page.data.flatMap((message) => itemsInOrder(message, order))];
      return itemList(items.slice(0, limit), items.length > limit || page.next_cursor !== null);
    },
  );
  app.post(
    '/v1/conversations/:id/items',
    {
      config: { access: 'member' },
      schema: { tags, summary: 'Add messages to a conversation', params: ConversationParams, body: NewItemsBody },
    },
    async (request) => {
      const { principal, params, body } = request;
      const given = messagesOf(body.items);
      const added = await request.once(() => sessions.addMessages(principal, sessionIdOf(params.id), given));
      return itemList(added.map(itemView), false);
    },
  );
  app.get(
    '/v1/conversations/:id/items/:item_id',
    { config: { access: 'viewer' }, schema: { tags, summary: 'One message of a conversation', params: ItemParams } },
    async ({ principal, params: { id, item_id } }) => {
      const message = await sessions.message(principal, sessionIdOf(id), knownItem(item_id));
      if (item_id.startsWith('msg_')) return itemView(message);
      const item = itemViews(message).find((one) => one.id === item_id);
      if (!item) throw openaiErrors.itemNotFound();
      return item;
    },
  );
  app.delete(
    '/v1/conversations/:id/items/:item_id',
    {
      config: { access: 'member' },
      schema: { tags, summary: 'Delete a message of a conversation', params: ItemParams },
    },
    async ({ principal, params: { id, item_id } }) => {
      const messageId = unprefixed('msg_', item_id);
      // A call and its output are parts of what was said, and go with it.
      if (messageId === null) throw openaiErrors.itemNotFound();
      await sessions.removeMessage(principal, sessionIdOf(id), messageId);
      return conversationView(await sessions.get(principal, sessionIdOf(id)));
    },
  );
}

function sessionIdOf(conversationId: string): string {
  const id = unprefixed('conv_', conversationId);
  if (id === null) throw openaiErrors.conversationNotFound();
  return id;
}

function knownItem(itemId: string): string {
  const id = messageIdOf(itemId);
  if (id === null) throw openaiErrors.itemNotFound();
  return id;
}

function conversationView({ id, created_at, metadata }: SessionView) {
  return { id: prefixed('conv_', id), object: 'conversation', created_at: seconds(created_at), metadata };
}

function messagesOf(items: NewItems['items']): GivenMessage[] {
  return items.map((item, index) => {
    const { role, text } = messageOf(item, index, 'items');
    // A session keeps what was said; what the model is told belongs to each response.
    if (role === 'system' || role === 'developer') {
      throw unsupportedField(`items.${index}.role`, 'must be user or assistant; give instructions with each response');
    }
    return { role, parts: [{ type: 'text', text }] };
  });
}
