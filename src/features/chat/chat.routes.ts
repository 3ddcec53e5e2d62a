import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Static, TSchema } from 'typebox';
import { requestErrors } from '../../platform/http/errors.ts';
import { PageQuery } from '../../platform/http/pagination.ts';
import type { App } from '../../platform/http/server.ts';
import { type SseEvent, STREAM_OVER, sendEventStream } from '../../platform/http/sse.ts';
import type { Metrics } from '../../platform/telemetry/metrics.ts';
import {
  EventsQuery,
  HIGHEST_SEQ,
  IdParams,
  MessagePage,
  MessageParams,
  MessageQuery,
  NewRun,
  NewSession,
  Regeneration,
  RunView,
  SessionChange,
  SessionPage,
  SessionView,
} from './chat.schema.ts';
import type { Chat } from './chat.ts';
import { feedbackRoutes } from './feedback.routes.ts';
import { recallListRoutes } from './recalls.routes.ts';
import type { EventLine } from './run/event.ts';
import { NewToolDecisions, NewToolOutputs } from './tools.schema.ts';

/** `/v1/sessions`, their messages, runs and ratings, and `/v1/runs`. */
export function chatRoutes(app: App, chat: Chat, metrics: Metrics): void {
  sessionRoutes(app, chat);
  runRoutes(app, chat, metrics);
  feedbackRoutes(app, chat.feedback);
  recallListRoutes(app, chat.recalls);
}

function sessionRoutes(app: App, { sessions }: Chat): void {
  const tags = ['Sessions'];
  app.post(
    '/v1/sessions',
    {
      config: { access: 'member', visitors: true, limit: 'session' },
      schema: { tags, summary: 'Begin a session', body: optional(NewSession), response: { 201: SessionView } },
    },
    async (request, reply) => {
      const { principal, body } = request;
      return reply.code(201).send(await request.once(() => sessions.create(principal, body ?? {})));
    },
  );
  app.get(
    '/v1/sessions',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'Your sessions, newest updated first',
        querystring: PageQuery,
        response: { 200: SessionPage },
      },
    },
    async ({ principal, query }) => sessions.list(principal, query),
  );
  app.get(
    '/v1/sessions/:id',
    {
      config: { access: 'viewer', visitors: true },
      schema: { tags, summary: 'One session', params: IdParams, response: { 200: SessionView } },
    },
    async ({ principal, params }) => sessions.get(principal, params.id),
  );
  app.patch(
    '/v1/sessions/:id',
    {
      config: { access: 'member' },
      schema: {
        tags,
        summary: 'Rename a session, or turn it to another branch',
        params: IdParams,
        body: SessionChange,
        response: { 200: SessionView },
      },
    },
    async ({ principal, params, body }) => sessions.update(principal, params.id, body),
  );
  app.delete(
    '/v1/sessions/:id',
    {
      config: { access: 'member', visitors: true },
      schema: { tags, summary: 'Delete a session with its messages and runs', params: IdParams },
    },
    async ({ principal, params }, reply) => {
      await sessions.remove(principal, params.id);
      return reply.code(204).send();
    },
  );
  app.get(
    '/v1/sessions/:id/messages',
    {
      config: { access: 'viewer', visitors: true },
      schema: {
        tags,
        summary: 'The messages of a session’s current branch, oldest first',
        params: IdParams,
        querystring: MessageQuery,
        response: { 200: MessagePage },
      },
    },
    async ({ principal, params, query }) => sessions.messages(principal, params.id, query),
  );
}

function runRoutes(app: App, { runs }: Chat, metrics: Metrics): void {
  const tags = ['Runs'];
  const stream = async (request: FastifyRequest, reply: FastifyReply, runId: string, after: number) => {
    const { principal } = request;
    // Checked before the stream opens, so that a refusal is a problem document and not an empty stream.
    const source = new AbortController();
    const events = await runs.follow(principal, runId, after, source.signal);
    metrics.openStreams.inc();
    await sendEventStream(request, reply, (gone) => {
      gone.addEventListener('abort', () => source.abort(STREAM_OVER), { once: true });
      return sseEvents(events, runId);
    }).finally(() => {
      source.abort(STREAM_OVER);
      metrics.openStreams.dec();
    });
  };
  /** The run's stream where the client wants one, otherwise the run, which goes on in the background. */
  const answer = async (request: FastifyRequest, reply: FastifyReply, run: RunView) => {
    if (!wantsStream(request)) return reply.code(202).header('location', `/v1/runs/${run.id}`).send(run);
    await stream(request, reply.header('x-run-id', run.id), run.id, 0);
    return reply;
  };
  app.post(
    '/v1/sessions/:id/runs',
    {
      config: { access: 'member', visitors: true, limit: 'run' },
      schema: {
        tags,
        summary: 'Ask',
        description:
          'With `Accept: text/event-stream` the answer is the run’s stream of events; otherwise 202 with the run, which goes on in the background.',
        params: IdParams,
        body: NewRun,
        response: { 202: RunView },
      },
    },
    async (request, reply) => {
      const { principal, params, body } = request;
      return answer(request, reply, await request.once(() => runs.create(principal, params.id, body)));
    },
  );
  app.post(
    '/v1/sessions/:id/messages/:message_id/regenerate',
    {
      config: { access: 'member', limit: 'run' },
      schema: {
        tags,
        summary: 'Answer again',
        description:
          'Makes another answer to the same question, on a branch of its own, which is then the current one; the answer that was there stays among its `siblings`. The message is an answer, or a question. What the body leaves out is as it was asked for before. Streams as asking does.',
        params: MessageParams,
        body: optional(Regeneration),
        response: { 202: RunView },
      },
    },
    async (request, reply) => {
      const { principal, params, body } = request;
      const { id, message_id: messageId } = params;
      return answer(request, reply, await request.once(() => runs.regenerate(principal, id, messageId, body ?? {})));
    },
  );
  app.post(
    '/v1/sessions/:id/messages/:message_id/edit',
    {
      config: { access: 'member', limit: 'run' },
      schema: {
        tags,
        summary: 'Ask something else in the place of a question',
        description:
          'The question that was there, and all that followed, stays as it is, on its branch. What the body leaves out is as it was asked for before; files and quotes of the question stay with it. Streams as asking does.',
        params: MessageParams,
        body: NewRun,
        response: { 202: RunView },
      },
    },
    async (request, reply) => {
      const { principal, params, body } = request;
      const { id, message_id: messageId } = params;
      return answer(request, reply, await request.once(() => runs.edit(principal, id, messageId, body)));
    },
  );
  app.get(
    '/v1/runs/:id',
    {
      config: { access: 'viewer', visitors: true },
      schema: { tags, summary: 'One run', params: IdParams, response: { 200: RunView } },
    },
    async ({ principal, params }) => runs.get(principal, params.id),
  );
  app.get(
    '/v1/runs/:id/events',
    {
      config: { access: 'viewer', visitors: true },
      schema: {
        tags,
        summary: 'Follow a run from any event on',
        description:
          'Server-sent events behind `after` (or `Last-Event-ID`), then each as it comes, until `run-end`. Whoever has seen that is answered 204, on which an EventSource comes back no more.',
        params: IdParams,
        querystring: EventsQuery,
      },
    },
    async (request, reply) => {
      const { principal, params, query } = request;
      const after = query.after ?? lastEventId(request);
      // https://html.spec.whatwg.org/multipage/server-sent-events.html: with anything else a client reconnects for ever.
      if (await runs.isOver(principal, params.id, after)) return reply.code(204).send();
      await stream(request, reply, params.id, after);
      return reply;
    },
  );
  app.post(
    '/v1/runs/:id/cancel',
    {
      config: { access: 'member', visitors: true },
      schema: {
        tags,
        summary: 'Stop a run; what was said so far is kept',
        params: IdParams,
        response: { 202: RunView },
      },
    },
    async ({ principal, params }, reply) => reply.code(202).send(await runs.cancel(principal, params.id)),
  );
  toolAnswerRoutes(app, runs);
}

function toolAnswerRoutes(app: App, runs: Chat['runs']): void {
  const tags = ['Runs'];
  app.post(
    '/v1/runs/:id/tool-outputs',
    {
      config: { access: 'member' },
      schema: {
        tags,
        summary: 'Give the outputs of your own tools',
        description:
          'A waiting run goes on once it has everything that it waits for. The same output twice is as good as once.',
        params: IdParams,
        body: NewToolOutputs,
        response: { 202: RunView },
      },
    },
    async ({ principal, params, body }, reply) =>
      reply.code(202).send(await runs.submitToolOutputs(principal, params.id, body.tool_outputs)),
  );
  app.post(
    '/v1/runs/:id/tool-approvals',
    {
      config: { access: 'member' },
      schema: {
        tags,
        summary: 'Allow tool calls that ask for it, or refuse them',
        description: 'The model learns of a refusal and its reason, and goes on without the tool.',
        params: IdParams,
        body: NewToolDecisions,
        response: { 202: RunView },
      },
    },
    async ({ principal, params, body }, reply) =>
      reply.code(202).send(await runs.decideToolCalls(principal, params.id, body.decisions)),
  );
}

async function* sseEvents(batches: AsyncIterable<readonly EventLine[]>, runId: string): AsyncGenerator<SseEvent[]> {
  const head = `{"run_id":"${runId}",`;
  for await (const lines of batches) {
    yield lines.map(({ seq, type, json }) => ({ id: seq, event: type, data: head + json.slice(1) }));
  }
}

function wantsStream({ headers }: FastifyRequest): boolean {
  return headers.accept?.includes('text/event-stream') ?? false;
}

function lastEventId({ headers }: FastifyRequest): number {
  const given = headers['last-event-id'];
  if (given === undefined) return 0;
  const seq = Number(given);
  if (Number.isInteger(seq) && seq >= 0 && seq <= HIGHEST_SEQ) return seq;
  const message = 'must be the id of an event, a whole number';
  throw requestErrors.invalid(`Last-Event-ID ${message}`, { fields: [{ field: 'Last-Event-ID', message }] });
}

/** A body that may be left out altogether. */
function optional<Schema extends TSchema>(schema: Schema) {
  return { ...schema, nullable: true } as unknown as TSchema & { static: Static<Schema> | null };
}
