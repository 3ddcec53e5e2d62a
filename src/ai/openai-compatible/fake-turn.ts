/** What the tests of this folder share: chunks, requests, and a turn against an upstream of their own. */
import { ModelError, type ModelEvent, type ModelRequest } from '../chat-model.ts';
import { type Answer, fakeUpstream } from '../http/fake-upstream.ts';
import { type OpenAiCompatibleOptions, openAiCompatibleModel } from './chat-model.ts';

export const text = (content: string) => ({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
export const stop = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
export const usage = { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } };
export const finish = {
  type: 'finish',
  reason: 'stop',
  usage: { inputTokens: 3, outputTokens: 2 },
} satisfies ModelEvent;
export const said = (delta: string): ModelEvent => ({ type: 'text-delta', delta });

/** Events as they would be, had the network brought all at once. */
export function inOnePiece(events: readonly ModelEvent[]): ModelEvent[] {
  const joined: ModelEvent[] = [];
  for (const event of events) {
    const last = joined.at(-1);
    if (event.type === 'text-delta' && last?.type === 'text-delta')
      joined.splice(-1, 1, said(last.delta + event.delta));
    else joined.push(event);
  }
  return joined;
}

export function request(more: Partial<ModelRequest> = {}): ModelRequest {
  const messages = [{ role: 'user' as const, content: 'Hello' }];
  return { instructions: null, messages, passages: null, signal: new AbortController().signal, ...more };
}

export function modelAt(origin: string, options: Partial<OpenAiCompatibleOptions> = {}) {
  return openAiCompatibleModel({ provider: 'openai', model: 'm', baseUrl: `${origin}/v1`, apiKey: 'key', ...options });
}

/** The events of one turn against an upstream that answers so. */
export async function turn(
  answer: Answer,
  more: Partial<ModelRequest> = {},
  options: Partial<OpenAiCompatibleOptions> = {},
) {
  await using upstream = await fakeUpstream(answer);
  const batches = await Array.fromAsync(modelAt(upstream.origin, options).stream(request(more)));
  return { events: batches.flat(), batches, requests: upstream.requests };
}

export async function failure(
  answer: Answer,
  more: Partial<ModelRequest> = {},
  options: Partial<OpenAiCompatibleOptions> = {},
) {
  const error = await turn(answer, more, options).catch((thrown: unknown) => thrown);
  if (!(error instanceof ModelError)) throw error;
  return error;
}
