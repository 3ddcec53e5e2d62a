import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Chat, LoggedEvent, RunView } from '../../../features/chat/index.ts';
import { serverErrors } from '../../../platform/http/errors.ts';
import type { App } from '../../../platform/http/server.ts';
import type { OpenaiDependencies } from '../dependencies.ts';
import { prefixed, seconds } from '../ids.ts';
import { openaiErrors } from '../openai.errors.ts';
import { openaiError } from '../openai-error.ts';
import { allEvents } from '../run-events.ts';
import { STREAM_CUT, streamRun } from '../stream-run.ts';
import { chatChunks, chatCompletion } from './chat-answer.ts';
import { ChatCompletionBody } from './chat-completions.schema.ts';
import { chatRun } from './chat-request.ts';

/** The longest answer that a client waits for without a stream, ms: as long as OpenAI's own clients wait. */
export const ANSWER_TIMEOUT_MS = 600_000;

export function chatCompletionRoutes(app: App, { chat, metrics }: OpenaiDependencies): void {
  app.post(
    '/v1/chat/completions',
    {
      config: { access: 'member', limit: 'run', timeout: ANSWER_TIMEOUT_MS },
      schema: {
        tags: ['OpenAI'],
        summary: 'Chat Completions: an answer to messages that the client keeps',
        description: 'As OpenAI’s; citations are `annotations`. Closing the connection does not stop the run.',
        body: ChatCompletionBody,
      },
    },
    async (request, reply) => {
      const { principal, body } = request;
      const { session, input } = chatRun(body);
      const run = await request.once(() => chat.runs.createInNewSession(principal, session, input));
      reply.header('x-run-id', run.id);
      if (body.stream !== true) return answer(chat, request, reply, run);
      const chunks = chatChunks(headOf(run), {
        includeUsage: body.stream_options?.include_usage === true,
        requestId: request.id,
      });
      const render = (event: LoggedEvent) => chunks(event).map((data) => ({ data }));
      const cut = () => ({ data: JSON.stringify(openaiError(serverErrors.unavailable(STREAM_CUT), request.id).body) });
      return streamRun({ chat, metrics }, request, reply, run.id, { isNew: true, render, cut });
    },
  );
}

function headOf(run: RunView) {
  return { id: prefixed('chatcmpl-', run.id), created: seconds(run.created_at), model: run.model };
}

async function answer(chat: Chat, request: FastifyRequest, reply: FastifyReply, run: RunView) {
  const events = await allEvents(chat, request.principal, run.id, request.signal);
  if (request.signal.aborted) return reply;
  if (!events) throw openaiErrors.runStopped(undefined, { headers: { 'x-should-retry': 'false' } });
  return chatCompletion(headOf(run), events);
}
