import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Chat, EventLine, LoggedEvent, RunView } from '../../features/chat/index.ts';
import type { Principal } from '../../features/identity/index.ts';
import { ApiError } from '../../platform/http/errors.ts';
import type { App } from '../../platform/http/server.ts';
import { type SseEvent, STREAM_OVER, StreamCut, sendEventStream } from '../../platform/http/sse.ts';
import { isId } from '../../platform/id.ts';
import type { Metrics } from '../../platform/telemetry/metrics.ts';
import { AiChatBody, StreamParams, StreamQuery } from './ai-sdk.schema.ts';
import { earlierOf, invalidField, runInput, sessionIdOf, toolAnswers } from './ai-sdk-request.ts';
import { RunChunks } from './run-chunks.ts';

export type AiSdkDependencies = { chat: Chat; metrics: Metrics };

/** A stream of chunks: a run from behind one of its events on. Its name is what the client resumes by. */
type ChunkStream = { run: RunView; after: number };

/** AI SDK's UI message stream over the same sessions and runs, for `useChat` with its unmodified transports. */
export function aiSdkRoutes(app: App, deps: AiSdkDependencies): void {
  const tags = ['AI SDK'];
  app.post(
    '/v1/ai-sdk/chat',
    {
      config: { access: 'member', limit: 'run' },
      schema: {
        tags,
        summary: 'Ask, as AI SDK’s `useChat` does',
        description:
          'The answer is a UI message stream. Closing the connection does not stop it: `POST /v1/ai-sdk/chat/{id}/stop` does. A last message of the assistant gives outputs and approvals of the tool calls that the chat waits for.',
        body: AiChatBody,
      },
    },
    async (request, reply) => {
      const { principal, body } = request;
      const answers = body.messages.at(-1)?.role === 'assistant';
      const stream = answers
        ? await goOn(deps.chat, principal, body)
        : { run: await request.once(() => askOver(deps.chat, principal, body, request.signal)), after: 0 };
      return send(deps, request, reply, stream, 0);
    },
  );
  app.get(
    '/v1/ai-sdk/chat/:id/stream',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'Come back to an answer; 204 where the chat has none under way',
        params: StreamParams,
        querystring: StreamQuery,
      },
    },
    async (request, reply) => {
      const { principal, params, query } = request;
      const stream = await find(deps.chat, principal, params.id);
      if (!stream) return reply.code(204).send();
      return send(deps, request, reply, stream, query.startIndex ?? 0);
    },
  );
  app.post(
    '/v1/ai-sdk/chat/:id/stop',
    {
      config: { access: 'member' },
      schema: { tags, summary: 'Stop the answer under way; what was said so far is kept', params: StreamParams },
    },
    async ({ principal, params }, reply) => {
      const stream = await find(deps.chat, principal, params.id);
      if (stream) await deps.chat.runs.cancel(principal, stream.run.id);
      return reply.code(204).send();
    },
  );
}

/** How long a question waits for the end of the answer that it breaks off, ms. */
const STOPPING_MS = 5_000;

/** As `ask`; an answer under way that its reader has left, as `stop()` of `useChat` does, is stopped first. */
async function askOver(chat: Chat, principal: Principal, body: AiChatBody, signal: AbortSignal): Promise<RunView> {
  try {
    return await ask(chat, principal, body);
  } catch (error) {
    if (!(error instanceof ApiError && error.definition.code === 'ERR_CHAT_005')) throw error;
    const { run, request } = await chat.runs.detail(principal, String(error.options.extensions?.run_id));
    if (!knows(body, [run.message_id, request.dialect?.message_id])) throw error;
    const patience = AbortSignal.any([signal, AbortSignal.timeout(STOPPING_MS)]);
    if (!(await chat.runs.makeWay(principal, run.session_id, patience, true))) throw error;
    return ask(chat, principal, body);
  }
}

/** Whether the client has a message of one of these names, and asks on behind it: it does not wait for its answer any more.
 * The same question sent again, or one from a window that knows nothing of it, does not break it off. */
function knows({ messages, trigger }: AiChatBody, names: readonly unknown[]): boolean {
  const before = trigger === 'regenerate-message' ? messages : messages.slice(0, -1);
  return before.some(({ id }) => id !== undefined && names.includes(id));
}

async function ask(chat: Chat, principal: Principal, body: AiChatBody): Promise<RunView> {
  const { runs } = chat;
  const input = runInput(body);
  const branched = await orNull(askOnBranch(chat, principal, body));
  if (branched) return branched;
  const whole = { ...input, earlier: earlierOf(body) };
  if (!body.id) return runs.createInNewSession(principal, {}, whole);
  const id = sessionIdOf(principal, body.id);
  const run = await orNull(runs.create(principal, id, input));
  if (run) return run;
  // A name of the client's own makes a session; an id that is none of ours does not.
  if (isId(body.id)) return runs.create(principal, id, input);
  return runs.createInNewSession(principal, { id, metadata: { ai_sdk_chat_id: body.id } }, whole);
}

/** Another answer, or an edited question in the place of the one before; null for a question that is new. */
async function askOnBranch(chat: Chat, principal: Principal, body: AiChatBody): Promise<RunView | null> {
  if (body.trigger === 'regenerate-message') return askAgain(chat, principal, body);
  return body.id && body.messageId ? askInstead(chat, principal, body.id, body.messageId, body) : null;
}

/** `sendMessage` of a message that there was says its id: the client has dropped what came behind it.
 * @throws ApiError where it is not known here */
async function askInstead({ runs }: Chat, principal: Principal, id: string, messageId: string, body: AiChatBody) {
  const sessionId = sessionIdOf(principal, id);
  const question = isId(messageId) ? messageId : await runs.questionNamed(principal, sessionId, messageId);
  return question === null ? null : runs.edit(principal, sessionId, question, runInput(body));
}

/** Another answer beside the one that is named, or the last one. @throws ApiError where that is not known here */
async function askAgain({ sessions, runs }: Chat, principal: Principal, body: AiChatBody): Promise<RunView | null> {
  const { id, messageId } = body;
  const session = await sessions.get(principal, sessionIdOf(principal, id ?? ''));
  const answer = messageId && isId(messageId) ? messageId : session.current_message_id;
  const { input: _, ...asked } = runInput(body);
  return answer === null ? null : runs.again(principal, session.id, answer, asked);
}

/** Answers what a run waits for, and tells it from there on. */
async function goOn({ sessions, runs }: Chat, principal: Principal, body: AiChatBody): Promise<ChunkStream> {
  if (!body.id) throw invalidField('id', 'is required: it says which chat the tools are answered in');
  const { active_run_id } = await sessions.get(principal, sessionIdOf(principal, body.id));
  if (active_run_id === null)
    throw invalidField('messages', 'must end with a message of the user: nothing is waited for');
  const run = await runs.get(principal, active_run_id);
  const { outputs, decisions } = toolAnswers(body, run);
  if (outputs.length > 0) await runs.submitToolOutputs(principal, run.id, outputs);
  if (decisions.length > 0) await runs.decideToolCalls(principal, run.id, decisions);
  return { run, after: run.last_seq };
}

const STREAM_NAME = /^([0-9a-f-]{36})(?:\.(\d{1,9}))?$/;

/** The stream that a name means; null where there is none. */
async function find({ sessions, runs }: Chat, principal: Principal, name: string): Promise<ChunkStream | null> {
  const [, id = '', after = '0'] = STREAM_NAME.exec(name) ?? [];
  const run = isId(id) ? await orNull(runs.get(principal, id)) : null;
  if (run) return { run, after: Number(after) };
  const sessionId = sessionIdOf(principal, name);
  // A chat that never was, under a name of the client's own, is as good as one that has nothing under way.
  const session = await (isId(name) ? sessions.get(principal, sessionId) : orNull(sessions.get(principal, sessionId)));
  return session?.active_run_id ? { run: await runs.get(principal, session.active_run_id), after: 0 } : null;
}

async function orNull<Found>(found: Promise<Found>): Promise<Found | null> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof ApiError && error.definition.kind === 'not-found') return null;
    throw error;
  }
}

async function send(
  { chat, metrics }: AiSdkDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
  { run, after }: ChunkStream,
  startIndex: number,
): Promise<FastifyReply> {
  const source = new AbortController();
  // Before the stream opens, so that a refusal is an error and not an empty stream.
  const lines = await chat.runs.follow(request.principal, run.id, 0, source.signal);
  const chunks = chunksOf(lines, run.id, after, () => chat.runs.get(request.principal, run.id));
  const ready = startIndex < 0 ? await untilNow(chunks, run.last_seq) : { past: [], rest: chunks };
  const skip = startIndex < 0 ? Math.max(0, ready.past.length + startIndex) : startIndex;
  reply.headers({
    'x-vercel-ai-ui-message-stream': 'v1',
    'x-run-id': run.id,
    'x-workflow-run-id': after === 0 ? run.id : `${run.id}.${after}`,
    ...(startIndex < 0 && { 'x-workflow-stream-tail-index': String(ready.past.length - 1) }),
  });
  metrics.openStreams.inc();
  await sendEventStream(request, reply, (gone) => {
    gone.addEventListener('abort', () => source.abort(STREAM_OVER), { once: true });
    return frames(ready, skip);
  }).finally(() => {
    source.abort(STREAM_OVER);
    metrics.openStreams.dec();
  });
  return reply;
}

/** Chunks as they are sent, and the last event that they are of. */
type Batch = { seq: number; chunks: readonly string[] };

/** The chunks of a run behind an event, as they come; it ends where the run does, or waits for its client.
 * @throws StreamCut where its source dries up before: `[DONE]` would make the client take a part for the whole */
async function* chunksOf(
  batches: AsyncIterable<readonly EventLine[]>,
  runId: string,
  after: number,
  runNow: () => Promise<RunView>,
): AsyncGenerator<Batch> {
  const rendering = new RunChunks(runId);
  for await (const lines of batches) {
    const last = lines.at(-1);
    const chunks = lines.flatMap(({ json, seq }) => {
      const made = rendering.add(JSON.parse(json) as LoggedEvent);
      return seq > after ? made.map((chunk) => JSON.stringify(chunk)) : [];
    });
    yield { seq: last?.seq ?? 0, chunks };
    if (last?.type === 'run-end') return;
    if (last?.type === 'run-wait' && last.seq > after && (await runNow()).status === 'waiting') return;
  }
  throw new StreamCut();
}

/** What there is already, up to an event, for a client that counts from the end. */
async function untilNow(batches: AsyncGenerator<Batch>, lastSeq: number) {
  const past: string[] = [];
  for (let seq = 0; seq < lastSeq; ) {
    const next = await batches.next();
    if (next.done) break;
    past.push(...next.value.chunks);
    seq = next.value.seq;
  }
  return { past, rest: batches };
}

async function* frames(
  { past, rest }: { past: readonly string[]; rest: AsyncIterable<Batch> },
  skip: number,
): AsyncGenerator<SseEvent[]> {
  let index = 0;
  const due = (chunks: readonly string[]) => chunks.filter(() => index++ >= skip).map((data) => ({ data }));
  const early = due(past);
  if (early.length > 0) yield early;
  for await (const { chunks } of rest) {
    const batch = due(chunks);
    if (batch.length > 0) yield batch;
  }
  yield [{ data: '[DONE]' }];
}
