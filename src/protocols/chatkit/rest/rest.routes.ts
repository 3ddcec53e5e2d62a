import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RunView } from '../../../features/chat/index.ts';
import type { App } from '../../../platform/http/server.ts';
import { type SseEvent, STREAM_OVER, sendEventStream } from '../../../platform/http/sse.ts';
import { chatkitErrors } from '../chatkit.errors.ts';
import type { ChatkitDependencies } from '../dependencies.ts';
import { makingWay } from '../operations/making-way.ts';
import { runInput } from '../operations/user-input.ts';
import { chatkitOptions, restLimits } from '../options.ts';
import { answerEvents } from '../run-stream.ts';
import type { ThreadEvent } from '../wire.ts';
import {
  CreatedSession,
  CreatedThread,
  DeletedSession,
  EmptyBody,
  NewRunBody,
  SessionDetail,
  SessionList,
  SessionParams,
  ThreadParams,
} from './rest.schema.ts';
import { firstWords, sessionOf } from './rest-answer.ts';
import { sendRestError } from './rest-error.ts';
import { DONE, restEvents } from './rest-events.ts';
import { sessionDetail, sessionSummary } from './rest-view.ts';

const tags = ['ChatKit REST'];
/** Sessions, and messages of one session, in one answer. */
const MOST_LISTED = 100;

/** `/v1/chatkit/sessions…`: sessions as plain REST with an envelope. A session has one thread, of the same id. */
export async function chatkitRestRoutes(app: App, deps: ChatkitDependencies): Promise<void> {
  // A scope of its own: within it every error, a refused credential too, has the envelope.
  await app.register(async (plugin) => {
    const scope = plugin as unknown as App;
    scope.setErrorHandler((error, request, reply) => sendRestError(error, request, reply));
    creatingRoutes(scope, deps);
    runRoute(scope, deps);
    readingRoutes(scope, deps);
  });
}

function creatingRoutes(app: App, { chat: { sessions }, config, tenantSettings }: ChatkitDependencies): void {
  app.post(
    '/v1/chatkit/sessions',
    {
      config: { access: 'member', limit: 'chatkit' },
      schema: {
        tags,
        summary: 'Begin a session',
        description: 'At most 10 sessions a user that were used within 30 days: then 429 `SESSION_LIMIT`.',
        body: EmptyBody,
        response: { 200: CreatedSession },
      },
    },
    async (request) => {
      const { principal } = request;
      const limits = await restLimits(tenantSettings, principal.tenant, config);
      const quota = { origin: 'chatkit', most: limits.sessions, idleDays: config.chatkitSessionDays };
      const { id, user_id, created_at } = await request.once(() => sessions.createCounted(principal, quota));
      return { success: true as const, data: { id, user_id, created_at } };
    },
  );
  app.post(
    '/v1/chatkit/sessions/:id/threads',
    {
      config: { access: 'member', limit: 'chatkit' },
      schema: {
        tags,
        summary: 'The thread of a session; it is always the same',
        params: SessionParams,
        body: EmptyBody,
        response: { 200: CreatedThread },
      },
    },
    async ({ principal, params }) => {
      const { id, created_at } = await sessionOf(sessions, principal, params.id);
      return { success: true as const, data: { id, session_id: id, created_at } };
    },
  );
}

function runRoute(app: App, deps: ChatkitDependencies): void {
  const { sessions } = deps.chat;
  app.post(
    '/v1/chatkit/sessions/:id/threads/:thread_id/runs',
    {
      config: { access: 'member', limit: 'chatkit-run' },
      schema: {
        tags,
        summary: 'Ask; the answer is a stream that ends with `data: [DONE]`',
        description:
          'Events on `data:` lines: `thread.item.content.part.delta` {item_id, delta}, `thread.item.done` {item}, and those of tools as ChatKit has them. Closing the connection does not stop the answer; it is in the session’s messages.',
        params: ThreadParams,
        body: NewRunBody,
      },
    },
    async (request, reply) => {
      const { principal, params, body } = request;
      const session = await sessionOf(sessions, principal, params.id);
      if (params.thread_id !== session.id) throw chatkitErrors.threadNotFound();
      const limits = await restLimits(deps.tenantSettings, principal.tenant, deps.config);
      const text = textOf(body, limits.characters);
      const options = await chatkitOptions(deps, principal.tenant);
      const asked = runInput(options, [{ type: 'text', text }]);
      const create = () => deps.chat.runs.create(principal, session.id, asked);
      // These routes know no way to answer what a run waits for: without this, one that waits would close its session.
      const { signal } = request;
      const run = await request.once(() => makingWay(deps.chat, principal, session.id, create, { signal }));
      return answer(deps, request, reply, run);
    },
  );
}

function readingRoutes(app: App, { chat: { sessions } }: ChatkitDependencies): void {
  app.get(
    '/v1/chatkit/sessions',
    {
      config: { access: 'viewer', limit: 'chatkit' },
      schema: { tags, summary: 'Your sessions, newest updated first, 100 at most', response: { 200: SessionList } },
    },
    async ({ principal }) => {
      const [{ data }, total] = await Promise.all([
        sessions.list(principal, { limit: MOST_LISTED }),
        sessions.count(principal),
      ]);
      return { success: true as const, data: data.map(sessionSummary), meta: { total } };
    },
  );
  app.get(
    '/v1/chatkit/sessions/:id',
    {
      config: { access: 'viewer', limit: 'chatkit' },
      schema: {
        tags,
        summary: 'One session with its last 100 messages, oldest first',
        params: SessionParams,
        response: { 200: SessionDetail },
      },
    },
    async ({ principal, params }) => {
      const session = await sessionOf(sessions, principal, params.id);
      const { data } = await sessions.messages(principal, session.id, { limit: MOST_LISTED, order: 'desc' });
      const said = data.filter(({ role }) => role === 'user' || role === 'assistant').toReversed();
      return { success: true as const, data: sessionDetail(session, said) };
    },
  );
  app.delete(
    '/v1/chatkit/sessions/:id',
    {
      config: { access: 'member', limit: 'chatkit' },
      schema: {
        tags,
        summary: 'Delete a session with its messages',
        params: SessionParams,
        response: { 200: DeletedSession },
      },
    },
    async ({ principal, params }) => {
      const { id } = await sessionOf(sessions, principal, params.id);
      await sessions.remove(principal, id);
      return { success: true as const, data: { id, session_id: id, deleted: true as const } };
    },
  );
}

function textOf({ message }: NewRunBody, most: number): string {
  const text = message.content.map((part) => part.text).join('');
  if (text.trim() === '') throw chatkitErrors.textInvalid();
  // As people count: a sign outside of the basic plane is one.
  const length = [...text].length;
  if (length > most) throw chatkitErrors.messageTooLong(`The message has ${length} characters; ${most} are allowed.`);
  return text;
}

/** The stream; an answer that fails before its first word is an error instead. */
async function answer(
  { chat, metrics }: ChatkitDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
  run: RunView,
): Promise<FastifyReply> {
  const source = new AbortController();
  const events = answerEvents(chat, request.principal, run, { signal: source.signal });
  const begun = await firstWords(events).catch((error: unknown) => {
    source.abort(STREAM_OVER);
    throw error;
  });
  metrics.openStreams.inc();
  await sendEventStream(request, reply.header('x-run-id', run.id), (gone) => {
    gone.addEventListener('abort', () => source.abort(STREAM_OVER), { once: true });
    return framed(begun);
  }).finally(() => {
    source.abort(STREAM_OVER);
    metrics.openStreams.dec();
  });
  return reply;
}

async function* framed(batches: AsyncIterable<readonly ThreadEvent[]>): AsyncGenerator<SseEvent[]> {
  for await (const events of batches) yield restEvents(events);
  yield [DONE];
}
