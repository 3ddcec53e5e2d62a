import type { CitationPart, LoggedEvent } from '../../features/chat/index.ts';
import { faultFrame } from './error-frame.ts';
import type { ServerFrame } from './frames.ts';

type Event<Type extends LoggedEvent['type']> = Extract<LoggedEvent, { type: Type }>;

export type RunFramesOptions = {
  runId: string;
  /** The client has seen what is up to here. */
  after: number;
  /** ms, of any beginning; null where the answer was not seen from its beginning, so that nothing can be measured. */
  clock: (() => number) | null;
};

/** A run's events as frames: feed it each event of the log in order, from the first on, and send what it returns. */
export class RunFrames {
  readonly #runId: string;
  readonly #after: number;
  readonly #clock: () => number;
  readonly #measures: boolean;
  #sessionId: string | null = null;
  #started: number | null = null;
  #retrieved: number | null = null;
  #firstText: number | null = null;
  #documents = 0;
  #queryType: string | null = null;

  constructor({ runId, after, clock }: RunFramesOptions) {
    this.#runId = runId;
    this.#after = after;
    this.#clock = clock ?? (() => 0);
    this.#measures = clock !== null;
  }

  /** Deltas that came together become one frame. */
  add(events: readonly LoggedEvent[]): ServerFrame[] {
    const frames: ServerFrame[] = [];
    for (const event of events) {
      const last = frames.at(-1);
      if (event.type === 'text-delta' && last?.type === 'stream') {
        last.content += event.delta;
        last.seq = event.seq;
      } else {
        const made = this.#frames(event);
        if (event.seq > this.#after) frames.push(...made);
      }
    }
    return frames;
  }

  #frames(event: LoggedEvent): ServerFrame[] {
    const position = { run_id: this.#runId, seq: event.seq };
    switch (event.type) {
      case 'run-start': {
        this.#started = this.#clock();
        const { session_id, message_id, model } = event;
        this.#sessionId = session_id;
        return [{ type: 'start', session_id, message_id, model, ...position }];
      }
      case 'retrieval':
        this.#retrieved = this.#clock();
        this.#documents = event.hits.length;
        this.#queryType = event.route;
        return [];
      case 'text-delta':
        this.#firstText ??= this.#clock();
        return [{ type: 'stream', content: event.delta, ...position }];
      case 'text-reset':
        return [{ type: 'reset', reason: event.reason, ...position }];
      case 'run-end':
        return this.#end(event, position);
      default:
        return [];
    }
  }

  #end({ status, error, message }: Event<'run-end'>, position: { run_id: string; seq: number }): ServerFrame[] {
    if (status === 'failed') return [faultFrame(error, position), ...this.#metrics()];
    const complete: ServerFrame = {
      type: 'complete',
      status,
      response: message?.content ?? '',
      retrieved_docs: this.#documents,
      citations: (message?.parts ?? []).filter((part): part is CitationPart => part.type === 'citation'),
      metadata: { retrieved_docs_count: this.#documents, query_type: this.#queryType },
      session_id: this.#sessionId,
      message_id: message?.id ?? null,
      ...position,
    };
    return [complete, ...this.#metrics()];
  }

  #metrics(): ServerFrame[] {
    if (!this.#measures) return [];
    const since = (from: number | null, to: number | null) =>
      from === null || to === null ? null : Math.round(to - from);
    const metrics: ServerFrame = {
      type: 'metrics',
      run_id: this.#runId,
      retrieval_time_ms: since(this.#started, this.#retrieved),
      llm_time_ms: since(this.#retrieved, this.#clock()),
      ttfb_ms: since(this.#started, this.#firstText),
      retrieved_docs_count: this.#documents,
    };
    return [metrics];
  }
}
