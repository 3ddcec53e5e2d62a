import { Type } from 'typebox';
import type { App } from '../../platform/http/server.ts';
import {
  BatchView,
  ConversationPage,
  ConversationParams,
  ConversationQuery,
  ConversationStats,
  DeleteBatch,
  IdParams,
  MemoryPage,
  MemoryView,
  MessageBatch,
  MessageChange,
  MessageQuery,
  NewMessage,
  SubjectQuery,
  UpdateBatch,
  VersionQuery,
} from './memory.schema.ts';
import type { Memory } from './memory.ts';
import { type BatchOutcome, createdStatus } from './remember/batch.ts';
import { assertOwnTenant } from './remember/remember.service.ts';

const tags = ['Memory'];

/** `/v1/messages` and `/v1/memory/conversations`: what is remembered, for programs that keep their own chat. */
export function messageRoutes(app: App, memory: Memory): void {
  createRoutes(app, memory);
  readRoutes(app, memory);
  changeRoutes(app, memory);
  conversationRoutes(app, memory);
}

function createRoutes(app: App, { messages, batches }: Memory): void {
  const config = { access: 'member', limit: 'remember' } as const;
  app.post(
    '/v1/messages',
    {
      config,
      schema: {
        tags,
        summary: 'Remember a message',
        description:
          'Answered when it is durable and found by its words: 201, or 202 while its embedding is on its way (`embedding_status`). The same message again (conversation, role, content and, where given, created_at) is the same memory: 200. Counted under the limit of memory messages.',
        body: NewMessage,
        response: { 200: MemoryView, 201: MemoryView, 202: MemoryView },
      },
    },
    async (request, reply) => {
      const { principal, body } = request;
      const { memory, isNew } = await request.once(() => messages.create(principal, body));
      return reply.code(createdStatus(memory, isNew)).header('location', `/v1/messages/${memory.id}`).send(memory);
    },
  );
  app.post(
    '/v1/messages/batch',
    {
      config,
      schema: {
        tags,
        summary: 'Remember up to 100 messages',
        description:
          'Each entry is judged by itself: 201 when all were taken, 207 when some were not; `errors` says which and why. Each entry counts under the limit of memory messages.',
        body: MessageBatch,
        response: { 201: BatchView, 207: BatchView },
      },
    },
    async (request, reply) => {
      const { principal, body } = request;
      assertOwnTenant(principal, body.tenant_id);
      const { view, failed } = await request.once(() => batches.create(principal, body.messages));
      return reply.code(failed ? 207 : 201).send(view);
    },
  );
}

function readRoutes(app: App, { messages }: Memory): void {
  const config = { access: 'viewer' } as const;
  app.get(
    '/v1/messages',
    {
      config,
      schema: {
        tags,
        summary: 'What is remembered, newest said first',
        querystring: MessageQuery,
        response: { 200: MemoryPage },
      },
    },
    async ({ principal, query }) => messages.list(principal, query),
  );
  app.get(
    '/v1/messages/:id',
    { config, schema: { tags, summary: 'One memory', params: IdParams, response: { 200: MemoryView } } },
    async ({ principal, params }) => messages.get(principal, params.id),
  );
  app.get(
    '/v1/messages/:id/versions',
    {
      config,
      schema: {
        tags,
        summary: 'A memory and what it said before each correction, newest first',
        params: IdParams,
        querystring: VersionQuery,
        response: { 200: MemoryPage },
      },
    },
    async ({ principal, params, query }) => messages.versions(principal, params.id, query),
  );
}

function changeRoutes(app: App, { messages, batches }: Memory): void {
  const config = { access: 'member' } as const;
  app.put(
    '/v1/messages/:id',
    {
      config,
      schema: {
        tags,
        summary: 'Correct a memory',
        description:
          'A new content makes a new version: searches give the new one, `as_of` the one of its time. Metadata, importance and archived change in place.',
        params: IdParams,
        body: MessageChange,
        response: { 200: MemoryView },
      },
    },
    async ({ principal, params, body }) => messages.change(principal, params.id, body),
  );
  app.delete(
    '/v1/messages/:id',
    {
      config,
      schema: { tags, summary: 'Delete a memory, with its versions, its vector and its facts', params: IdParams },
    },
    async ({ principal, params }, reply) => {
      await messages.remove(principal, params.id);
      return reply.code(204).send();
    },
  );
  const status = ({ failed }: BatchOutcome) => (failed ? 207 : 200);
  app.post(
    '/v1/messages/batch/update',
    {
      config,
      schema: {
        tags,
        summary: 'Correct up to 100 memories',
        body: UpdateBatch,
        response: { 200: BatchView, 207: BatchView },
      },
    },
    async (request, reply) => {
      const { principal, body } = request;
      const outcome = await request.once(() => batches.update(principal, body.updates));
      return reply.code(status(outcome)).send(outcome.view);
    },
  );
  app.post(
    '/v1/messages/batch/delete',
    {
      config,
      schema: {
        tags,
        summary: 'Delete up to 100 memories',
        body: DeleteBatch,
        response: { 200: BatchView, 207: BatchView },
      },
    },
    async (request, reply) => {
      const { principal, body } = request;
      const outcome = await request.once(() => batches.remove(principal, body.message_ids));
      return reply.code(status(outcome)).send(outcome.view);
    },
  );
}

function conversationRoutes(app: App, { conversations }: Memory): void {
  const config = { access: 'viewer' } as const;
  app.get(
    '/v1/memory/conversations',
    {
      config,
      schema: {
        tags,
        summary: 'Conversations that something is remembered of, newest first',
        querystring: ConversationQuery,
        response: { 200: ConversationPage },
      },
    },
    async ({ principal, query }) => conversations.list(principal, query),
  );
  app.get(
    '/v1/memory/conversations/:id/stats',
    {
      config,
      schema: {
        tags,
        summary: 'Figures of one conversation',
        params: ConversationParams,
        querystring: SubjectQuery,
        response: { 200: ConversationStats },
      },
    },
    async ({ principal, params, query }) => conversations.stats(principal, params.id, query.subject),
  );
  app.delete(
    '/v1/memory/conversations/:id',
    {
      config: { access: 'member' },
      schema: {
        tags,
        summary: 'Delete all that is remembered of a conversation',
        params: ConversationParams,
        querystring: SubjectQuery,
        response: { 200: Type.Object({ deleted: Type.Integer() }) },
      },
    },
    async ({ principal, params, query, signal }) => ({
      deleted: await conversations.remove(principal, params.id, query.subject, signal),
    }),
  );
}
