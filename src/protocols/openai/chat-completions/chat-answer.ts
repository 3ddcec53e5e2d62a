import type { LoggedEvent, RunUsage } from '../../../features/chat/index.ts';
import { type UrlCitation, urlCitation } from '../citation.ts';
import { openaiErrors } from '../openai.errors.ts';
import { openaiError, runError } from '../openai-error.ts';
import type { RunEnd } from '../run-events.ts';
import { argumentsOf } from '../tools.ts';

export type ChatCompletionHead = { id: string; created: number; model: string };

type FinishReason = 'stop' | 'length' | 'content_filter' | 'tool_calls';

function chatUsage({ input_tokens, cached_input_tokens = 0, output_tokens, reasoning_tokens = 0 }: RunUsage) {
  return {
    prompt_tokens: input_tokens,
    completion_tokens: output_tokens,
    total_tokens: input_tokens + output_tokens,
    prompt_tokens_details: { cached_tokens: cached_input_tokens, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens, audio_tokens: 0 },
  };
}
type ChatUsage = ReturnType<typeof chatUsage>;

function finishReason(reason: string | undefined): FinishReason {
  if (reason === 'length') return 'length';
  if (reason === 'tool-calls') return 'tool_calls';
  return reason === 'content-filter' ? 'content_filter' : 'stop';
}

type FunctionCall = { id: string; type: 'function'; function: { name: string; arguments: string } };

function functionCall({ tool_call: { id, name, input } }: Extract<LoggedEvent, { type: 'tool-call' }>): FunctionCall {
  return { id, type: 'function', function: { name, arguments: argumentsOf(input) } };
}

/** What the events so far say of the answer. */
class ChatAnswer {
  text = '';
  annotations: UrlCitation[] = [];
  /** Of the client's functions; what this program calls itself is its own affair. */
  calls: FunctionCall[] = [];
  finish: FinishReason = 'stop';
  usage: ChatUsage | null = null;
  end: RunEnd | null = null;
  readonly #partStarts = new Map<string, number>();

  add(event: LoggedEvent): void {
    switch (event.type) {
      case 'text-start':
        this.#partStarts.set(event.part_id, this.text.length);
        break;
      case 'text-delta':
        this.text += event.delta;
        break;
      case 'text-reset': {
        const start = this.#startOf(event.part_id);
        this.text = this.text.slice(0, start);
        this.annotations = this.annotations.filter(({ url_citation }) => url_citation.end_index <= start);
        break;
      }
      case 'citation':
        this.annotations.push(urlCitation(event, this.#startOf(event.part_id)));
        break;
      case 'tool-call':
        if (event.executor === 'client') this.calls.push(functionCall(event));
        break;
      case 'step-end':
        this.finish = finishReason(event.finish_reason);
        break;
      case 'usage':
        this.usage = chatUsage(event);
        break;
      case 'run-end':
        this.end = event;
        break;
      default:
    }
  }

  #startOf(partId: string): number {
    return this.#partStarts.get(partId) ?? 0;
  }
}

/** A whole run as one completion. @throws ApiError where the run failed or was stopped */
export function chatCompletion(head: ChatCompletionHead, events: readonly LoggedEvent[]) {
  const answer = new ChatAnswer();
  for (const event of events) answer.add(event);
  const { end } = answer;
  if (!end) throw openaiErrors.runBroken();
  if (end.status !== 'completed') throw runError(end.status, end.error);
  const { calls, text, annotations } = answer;
  const content = text === '' && calls.length > 0 ? null : text;
  const message = {
    role: 'assistant',
    content,
    refusal: null,
    annotations,
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  return {
    id: head.id,
    object: 'chat.completion',
    created: head.created,
    model: head.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: answer.finish }],
    ...(answer.usage && { usage: answer.usage }),
  };
}

export const DONE = '[DONE]';

/**
 * A run's events as the stream of its completion: feed it each event in order and send what it returns.
 * Chat Completions can't take back what was said, so an answer that starts again ends the stream with an error.
 */
export function chatChunks(head: ChatCompletionHead, options: { includeUsage: boolean; requestId: string }) {
  const answer = new ChatAnswer();
  let over = false;
  const start = { id: head.id, object: 'chat.completion.chunk', created: head.created, model: head.model };
  const more = options.includeUsage ? { usage: null } : {};
  const chunk = (delta: object, finish_reason: FinishReason | null = null) =>
    JSON.stringify({ ...start, choices: [{ index: 0, delta, logprobs: null, finish_reason }], ...more });
  const failure = (error: Parameters<typeof openaiError>[0]) => {
    over = true;
    return [JSON.stringify(openaiError(error, options.requestId).body)];
  };
  const last = (end: RunEnd): string[] => {
    if (end.status !== 'completed') return failure(runError(end.status, end.error));
    const cited = answer.annotations.length > 0 ? [chunk({ annotations: answer.annotations })] : [];
    const usage = options.includeUsage ? [JSON.stringify({ ...start, choices: [], usage: answer.usage })] : [];
    return [...cited, chunk({}, answer.finish), ...usage, DONE];
  };
  return (event: LoggedEvent): string[] => {
    if (over) return [];
    const restarts = event.type === 'text-reset' && answer.text !== '';
    answer.add(event);
    if (restarts) return failure(openaiErrors.runRestarted());
    if (event.type === 'run-start') return [chunk({ role: 'assistant', content: '', refusal: null })];
    if (event.type === 'text-delta') return [chunk({ content: event.delta })];
    if (event.type === 'tool-call' && event.executor === 'client') {
      return [chunk({ tool_calls: [{ index: answer.calls.length - 1, ...functionCall(event) }] })];
    }
    return event.type === 'run-end' ? last(event) : [];
  };
}
