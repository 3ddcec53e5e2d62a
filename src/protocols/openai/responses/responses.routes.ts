import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LoggedEvent, RunDetail, RunInput, RunView } from '../../../features/chat/index.ts';
import type { Principal } from '../../../features/identity/index.ts';
import { ApiError, serverErrors } from '../../../platform/http/errors.ts';
import type { App } from '../../../platform/http/server.ts';
import type { SseEvent } from '../../../platform/http/sse.ts';
import { ANSWER_TIMEOUT_MS } from '../chat-completions/chat-completions.routes.ts';
import type { OpenaiDependencies } from '../dependencies.ts';
import { prefixed, unprefixed } from '../ids.ts';
import { itemPage } from '../items.ts';
import { openaiErrors } from '../openai.errors.ts';
import { isRefusal, openaiError, runError } from '../openai-error.ts';
import { allEvents } from '../run-events.ts';
import { STREAM_CUT, streamRun } from '../stream-run.ts';
import { type ResponseEvent, ResponseEvents } from './response-events.ts';
import { type ResponseTarget, responseRun } from './response-request.ts';
import { ItemsQuery, ResponseBody, ResponseParams, RetrieveQuery } from './responses.schema.ts';

const tags = ['OpenAI'];

export function responseRoutes(app: App, deps: OpenaiDependencies): void {
  createRoute(app, deps);
  readRoutes(app, deps);
  changeRoutes(app, deps);
}

function createRoute(app: App, deps: OpenaiDependencies): void {
  const { runs } = deps.chat;
  app.post(
    '/v1/responses',
    {
      config: { access: 'member', limit: 'run', timeout: ANSWER_TIMEOUT_MS },
      schema: {
        tags,
        summary: 'Responses: an answer in a conversation that is kept here',
        description:
          'As OpenAI’s. The id is the run’s with `resp_` before it. Closing the connection does not stop it.',
        body: ResponseBody,
      },
    },
    async (request, reply) => {
      const { principal, body } = request;
      const { target, input } = responseRun(body);
      const run = await request.once(() => begin(deps, principal, target, input));
      const detail = await runs.detail(principal, run.id);
      reply.header('x-run-id', run.id);
      // Who asks in the background wants the id, to come back with it: its stream waits for no first word.
      if (body.stream === true) return stream(deps, request, reply, detail, body.background === true ? -1 : null);
      return body.background === true ? unfinished(detail) : ended(deps, request, reply, detail, { isNew: true });
    },
  );
}

function readRoutes(app: App, deps: OpenaiDependencies): void {
  const { runs } = deps.chat;
  app.get(
    '/v1/responses/:id',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'One response, or with `stream=true` its events behind `starting_after`',
        params: ResponseParams,
        querystring: RetrieveQuery,
      },
    },
    async (request, reply) => {
      const { params, principal, query } = request;
      const detail = await runs.detail(principal, runIdOf(params.id));
      if (query.stream === true) return stream(deps, request, reply, detail, query.starting_after ?? -1);
      return detail.run.ended_at === null ? unfinished(detail) : ended(deps, request, reply, detail);
    },
  );
  app.get(
    '/v1/responses/:id/input_items',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'The messages that came with a response',
        params: ResponseParams,
        querystring: ItemsQuery,
      },
    },
    async ({ principal, params, query }) => itemPage(await runs.inputs(principal, runIdOf(params.id)), query),
  );
}

function changeRoutes(app: App, deps: OpenaiDependencies): void {
  const { runs } = deps.chat;
  app.post(
    '/v1/responses/:id/cancel',
    {
      config: { access: 'member' },
      schema: { tags, summary: 'Stop a response; what was said so far is kept', params: ResponseParams },
    },
    async (request, reply) => {
      const id = runIdOf(request.params.id);
      await runs.cancel(request.principal, id);
      return ended(deps, request, reply, await runs.detail(request.principal, id));
    },
  );
  app.delete(
    '/v1/responses/:id',
    {
      config: { access: 'member' },
      schema: { tags, summary: 'Delete a response with its messages', params: ResponseParams },
    },
    async ({ principal, params }) => {
      const id = runIdOf(params.id);
      await runs.remove(principal, id);
      return { id: prefixed('resp_', id), object: 'response', deleted: true };
    },
  );
}

function runIdOf(responseId: string): string {
  const id = unprefixed('resp_', responseId);
  if (id === null) throw openaiErrors.responseNotFound();
  return id;
}

function begin(
  { chat }: OpenaiDependencies,
  who: Principal,
  target: ResponseTarget,
  input: RunInput,
): Promise<RunView> {
  switch (target.kind) {
    case 'new':
      return chat.runs.createInNewSession(who, target.session, input);
    case 'after':
      return chat.runs.continueFrom(who, target.runId, target.session, input).catch(namePrevious);
    case 'conversation':
      return chat.runs.create(who, target.sessionId, input);
  }
}

/** The run that is not there is the one before; the new one can't be missing. */
function namePrevious(error: unknown): never {
  if (!(error instanceof ApiError && error.definition.kind === 'not-found')) throw error;
  const message = 'is not the id of a response here';
  throw openaiErrors.responseNotFound(`previous_response_id ${message}.`, {
    fields: [{ field: 'previous_response_id', message }],
  });
}

function unfinished(detail: RunDetail) {
  return new ResponseEvents(detail).response();
}

/** The whole response, as soon as its run has ended. */
async function ended(
  { chat }: OpenaiDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
  detail: RunDetail,
  { isNew = false } = {},
) {
  const events = await allEvents(chat, request.principal, detail.run.id, request.signal);
  if (request.signal.aborted) return reply;
  if (!events) throw openaiErrors.responseNotFound();
  const end = events.at(-1);
  if (isNew && end?.type === 'run-end' && end.status === 'failed' && isRefusal(end.error))
    throw runError(end.status, end.error);
  const rendering = new ResponseEvents(detail);
  for (const event of events) rendering.add(event);
  return rendering.response();
}

/** The response's events behind one of its sequence numbers, then each as it comes; `after` is null where it is new. */
function stream(
  deps: OpenaiDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
  detail: RunDetail,
  after: number | null,
) {
  const rendering = new ResponseEvents(detail);
  const render = (event: LoggedEvent) =>
    rendering
      .add(event)
      .filter(({ sequence_number }) => sequence_number > (after ?? -1))
      .map(framed);
  const cut = () =>
    framed(
      rendering.errorEvent(
        openaiError(serverErrors.unavailable(`${STREAM_CUT} Retrieve it to see.`), request.id).body.error,
      ),
    );
  return streamRun(deps, request, reply, detail.run.id, { isNew: after === null, render, cut });
}

function framed(event: ResponseEvent): SseEvent {
  return { event: event.type, data: JSON.stringify(event) };
}
