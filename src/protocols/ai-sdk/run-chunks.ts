import type { LoggedEvent } from '../../features/chat/index.ts';
import type { RunMetadata, UiChunk, UiFinishReason } from './chunks.ts';

type Event<Type extends LoggedEvent['type']> = Extract<LoggedEvent, { type: Type }>;

/**
 * A run's log as chunks of a UI message stream: feed it each event of the log in order, from the first on. The same log gives
 * the same chunks, so that a client can come back with the count of those that it has.
 */
export class RunChunks {
  readonly #runId: string;
  /** Chunks of the step under way that are not text: said again when the step's text is taken back. */
  #kept: UiChunk[] = [];
  readonly #ofServer = new Set<string>();
  readonly #denied = new Set<string>();
  #start: Event<'run-start'> | null = null;
  #open: string | null = null;
  #step = 0;
  #finish: UiFinishReason = 'stop';
  #usage: RunMetadata['usage'];

  constructor(runId: string) {
    this.#runId = runId;
  }

  add(event: LoggedEvent): UiChunk[] {
    switch (event.type) {
      case 'run-start':
        this.#start = event;
        return [this.#begin(event)];
      case 'run-resume':
        return this.#start ? [this.#begin(this.#start)] : [];
      case 'step-start':
        return this.#beginStep(event.step);
      case 'step-end':
        this.#finish = finishReason(event.finish_reason);
        return [{ type: 'finish-step' }];
      case 'text-start':
        this.#open = event.part_id;
        return [{ type: 'text-start', id: event.part_id }];
      case 'text-delta':
        return [{ type: 'text-delta', id: event.part_id, delta: event.delta }];
      case 'text-end':
        return this.#endText(event.part_id);
      case 'text-reset':
        return this.#takeBack(event.part_id);
      case 'usage':
        this.#usage = usageOf(event);
        return [];
      case 'run-wait':
        return [{ type: 'finish', finishReason: 'tool-calls', messageMetadata: this.#metadata('waiting') }];
      case 'run-end':
        return this.#end(event);
      default:
        return this.#keep(this.#besideText(event));
    }
  }

  #begin({ message_id, session_id, model }: Event<'run-start'>): UiChunk {
    return { type: 'start', messageId: message_id, messageMetadata: { run_id: this.#runId, session_id, model } };
  }

  /** A step that a lost worker had begun is begun once. */
  #beginStep(step: number): UiChunk[] {
    if (step === this.#step) return [];
    this.#step = step;
    this.#kept = [];
    return [{ type: 'start-step' }];
  }

  #endText(id: string): UiChunk[] {
    this.#open = null;
    return [{ type: 'text-end', id }];
  }

  /** The protocol can only take back a whole step, so the rest of it is said again. */
  #takeBack(id: string): UiChunk[] {
    this.#open = id;
    this.#kept = this.#kept.filter(({ type }) => type !== 'source-document');
    return [{ type: 'reset-step' }, ...this.#kept, { type: 'text-start', id }];
  }

  #keep(chunks: UiChunk[]): UiChunk[] {
    this.#kept.push(...chunks);
    return chunks;
  }

  #besideText(event: LoggedEvent): UiChunk[] {
    switch (event.type) {
      case 'retrieval': {
        const { query, route, strategy, hits } = event;
        return [{ type: 'data-retrieval', id: 'retrieval', data: { query, route, strategy, hits } }];
      }
      case 'citation':
        return [source(event)];
      case 'tool-call':
        return this.#call(event);
      case 'tool-approval': {
        const { tool_call_id: approvalId, approved, reason } = event;
        if (!approved) this.#denied.add(approvalId);
        return [{ type: 'tool-approval-response', approvalId, approved, ...(reason !== undefined && { reason }) }];
      }
      case 'tool-result':
        return [this.#result(event)];
      default:
        return [];
    }
  }

  #call({ tool_call, executor, needs_approval }: Event<'tool-call'>): UiChunk[] {
    const { id: toolCallId, name: toolName, input } = tool_call;
    if (executor === 'server') this.#ofServer.add(toolCallId);
    const call: UiChunk = { type: 'tool-input-available', toolName, input, ...this.#place(toolCallId) };
    return needs_approval ? [call, { type: 'tool-approval-request', approvalId: toolCallId, toolCallId }] : [call];
  }

  #result({ tool_call_id, output, error }: Event<'tool-result'>): UiChunk {
    if (this.#denied.has(tool_call_id)) return { type: 'tool-output-denied', toolCallId: tool_call_id };
    const place = this.#place(tool_call_id);
    return error === undefined
      ? { type: 'tool-output-available', output, ...place }
      : { type: 'tool-output-error', errorText: error, ...place };
  }

  #place(toolCallId: string) {
    return this.#ofServer.has(toolCallId)
      ? { toolCallId, dynamic: true as const, providerExecuted: true as const }
      : { toolCallId };
  }

  #end({ status, error }: Event<'run-end'>): UiChunk[] {
    const open: UiChunk[] = this.#open === null ? [] : this.#endText(this.#open);
    const finish = (finishReason: UiFinishReason): UiChunk => ({
      type: 'finish',
      finishReason,
      messageMetadata: this.#metadata(status),
    });
    if (status === 'completed') return [...open, finish(this.#finish)];
    if (status === 'cancelled') return [...open, { type: 'abort', reason: 'stopped' }, finish('other')];
    return [...open, { type: 'error', errorText: error?.detail ?? 'The answer failed.' }, finish('error')];
  }

  #metadata(status: string): RunMetadata {
    return { run_id: this.#runId, status, ...(this.#usage && { usage: this.#usage }) };
  }
}

function source(citation: Event<'citation'>): UiChunk {
  const { type: _, seq: __, title, chunk_id, ...parley } = citation;
  return {
    type: 'source-document',
    sourceId: chunk_id,
    mediaType: 'text/plain',
    title,
    providerMetadata: { parley: { chunk_id, ...parley } },
  };
}

function usageOf({ input_tokens, output_tokens, cost_usd }: Event<'usage'>): RunMetadata['usage'] {
  return { input_tokens, output_tokens, total_tokens: input_tokens + output_tokens, cost_usd };
}

function finishReason(reason: string | undefined): UiFinishReason {
  if (reason === undefined) return 'stop';
  return reason === 'stop' || reason === 'length' || reason === 'content-filter' || reason === 'tool-calls'
    ? reason
    : 'other';
}
