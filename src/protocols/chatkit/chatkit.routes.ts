import type { FastifyReply, FastifyRequest } from 'fastify';
import { requireRole } from '../../features/identity/index.ts';
import { ApiError } from '../../platform/http/errors.ts';
import { toApiError } from '../../platform/http/problem.ts';
import type { App } from '../../platform/http/server.ts';
import { type SseEvent, STREAM_OVER, sendEventStream } from '../../platform/http/sse.ts';
import { attachmentRoutes } from './attachment-upload.routes.ts';
import { chatkitErrors } from './chatkit.errors.ts';
import {
  asksModel,
  ChatkitRequest,
  isStreaming,
  OPERATION_NAMES,
  type Operation,
  type OperationName,
  type StreamingOperation,
} from './chatkit.schema.ts';
import { logRefusal, messageOf, sendChatkitError } from './chatkit-error.ts';
import type { ChatkitDependencies } from './dependencies.ts';
import { errorEvent } from './items/error-event.ts';
import { answerJson } from './operations/json-operations.ts';
import { NOT_A_WIDGET, openTurn } from './operations/stream-operations.ts';
import { type Acting, type Turn, turnEvents } from './operations/turn.ts';
import { chatkitOptions } from './options.ts';
import { originOf, previewUrlFor } from './request-urls.ts';
import { chatkitRestRoutes } from './rest/rest.routes.ts';
import type { ThreadEvent } from './wire.ts';

/** A recording of some minutes, in base64. */
const DICTATION_BYTES = 36 * 1024 * 1024;
/** Longest answer that is no stream, ms: a recording is written down in it. */
const ANSWER_TIMEOUT_MS = 90_000;

/** ChatKit's protocol for its unmodified web component, and the six routes of ChatKit REST. */
export async function chatkitRoutes(app: App, deps: ChatkitDependencies): Promise<void> {
  await chatkitRestRoutes(app, deps);
  // A scope of its own: within it every error, a refused credential too, is answered in ChatKit's form.
  await app.register(async (plugin) => {
    const scope = plugin as unknown as App;
    scope.setErrorHandler((error, request, reply) => sendChatkitError(error, request, reply));
    protocolRoute(scope, deps);
    await attachmentRoutes(scope, deps);
  });
}

function protocolRoute(app: App, deps: ChatkitDependencies): void {
  app.post(
    '/v1/chatkit',
    {
      config: {
        access: 'viewer',
        limit: 'run',
        limited: asksModel,
        timeout: ANSWER_TIMEOUT_MS,
        operations: OPERATION_NAMES,
      },
      ...(deps.transcriber && { bodyLimit: DICTATION_BYTES }),
      schema: {
        tags: ['ChatKit'],
        summary: 'ChatKit’s protocol: one address, sixteen operations by `type`',
        description:
          'For ChatKit’s web component with `api: {url: ".../v1/chatkit"}`. Operations that ask the model answer with server-sent events, the others with JSON. Threads are sessions. Closing a stream stops its answer, unless the tenant’s setting `chatkit.stop_on_close` is false.',
        body: ChatkitRequest,
      },
      errorHandler: (error, request, reply) =>
        isPersonsFault(error, request)
          ? tellInStream(chatkitErrors.unstorable(undefined, { cause: error }), request, reply)
          : sendChatkitError(error, request, reply),
    },
    async (request, reply) => {
      const operation = request.body as Operation;
      const acting = await actingFor(deps, request);
      if (isStreaming(operation)) return streamTurn(acting, operation, request, reply);
      requireRole(request.principal, roleFor(operation.type));
      const uploadUrl = (id: string) => `${originOf(request)}/v1/chatkit/attachments/${id}/content`;
      return reply.send(await answerJson(acting, operation, uploadUrl));
    },
  );
}

const READING: ReadonlySet<OperationName> = new Set(['threads.get_by_id', 'threads.list', 'items.list']);

function roleFor(operation: OperationName): 'viewer' | 'member' {
  return READING.has(operation) ? 'viewer' : 'member';
}

async function actingFor(deps: ChatkitDependencies, request: FastifyRequest): Promise<Acting> {
  const { principal, signal } = request;
  return {
    deps,
    principal,
    options: await chatkitOptions(deps, principal.tenant),
    previewUrl: previewUrlFor(deps, request),
    signal,
    once: (work) => request.once(work),
  };
}

/** What a person may be told is told in the stream: the page shows nothing of an HTTP error, and would ask again after some. */
async function streamTurn(
  acting: Acting,
  operation: StreamingOperation,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const opened = await openAs(acting, operation).catch((error: unknown) => toApiError(error));
  if (opened instanceof ApiError) return tellInStream(opened, request, reply);
  const { metrics, chat } = acting.deps;
  const source = new AbortController();
  metrics.openStreams.inc();
  await sendEventStream(request, reply, (gone) => {
    gone.addEventListener('abort', () => source.abort(STREAM_OVER), { once: true });
    return framed(acting, opened, source.signal, request);
  }).finally(() => metrics.openStreams.dec());
  // The page has no other way to stop an answer than to close its request.
  if (source.signal.aborted && opened.answer && acting.options.stopOnClose) {
    await chat.runs.cancel(acting.principal, opened.answer.id).catch((error: unknown) => {
      request.log.warn({ err: error, run_id: opened.answer?.id }, 'an answer whose reader left could not be stopped');
    });
  }
  source.abort(STREAM_OVER);
  return reply;
}

async function openAs(acting: Acting, operation: StreamingOperation): Promise<Turn> {
  requireRole(acting.principal, roleFor(operation.type));
  return openTurn(acting, operation);
}

/** Whether a streaming operation was refused, before it began, for signs in its text that nothing can keep: a person can have
 * pasted them. What has another shape than the operation was made wrongly by the page. */
function isPersonsFault(error: unknown, { body }: FastifyRequest): error is ApiError {
  return error instanceof ApiError && error.definition.kind === 'invalid' && asksModel(body);
}

async function tellInStream(error: ApiError, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const told = refusal(request, error);
  await sendEventStream(request, reply, () => single(told));
  return reply;
}

function refusal(request: FastifyRequest, error: ApiError): ThreadEvent {
  logRefusal(request, error);
  const { code, kind } = error.definition;
  if (code === NOT_A_WIDGET) return errorEvent(undefined, false);
  return kind === 'internal' ? errorEvent(undefined) : errorEvent(messageOf(error), false);
}

async function* single(event: ThreadEvent): AsyncGenerator<SseEvent[]> {
  yield [frameOf(event)];
}

async function* framed(
  acting: Acting,
  turn: Turn,
  signal: AbortSignal,
  { log }: FastifyRequest,
): AsyncGenerator<SseEvent[]> {
  try {
    for await (const events of turnEvents(acting, turn, signal)) yield events.map(frameOf);
  } catch (error) {
    if (signal.aborted) return;
    log.error({ err: error }, 'a stream broke off');
    yield [frameOf(errorEvent(undefined))];
  }
}

function frameOf(event: ThreadEvent): SseEvent {
  return { data: JSON.stringify(event) };
}
