import { AsyncLocalStorage } from 'node:async_hooks';

/** What is recorded of a piece of work. Never content: no words of a user, a model or a document, no address with its query. */
export type Attributes = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export type SpanKind = 'server' | 'client' | 'internal' | 'consumer';

/** One piece of work in a trace, from its beginning to `end`. */
export type Span = {
  /** W3C Trace Context, to be sent along or kept with what goes on elsewhere. */
  readonly traceparent: string;
  set(attributes: Attributes): void;
  child(name: string, kind: SpanKind, attributes?: Attributes): Span;
  /** The first end counts. Of an error only its kind is kept: messages may hold content. */
  end(error?: unknown): void;
};

/** Where spans come from and go to. */
export type Tracing = {
  /** Begins what nothing of this process is above of. `parent`: a `traceparent` from elsewhere; an invalid one counts as none. */
  begin(name: string, kind: SpanKind, options?: { parent?: string | undefined; attributes?: Attributes }): Span;
  /** Sends what is left, and waits for that a few seconds at most. */
  close(): Promise<void>;
};

/** What this chain of calls works on. */
export type Work = {
  /** What lines of the log and reports of errors say: `request_id`, `trace_id`, `tenant`, `run_id`, `job_id`. */
  readonly ids: Readonly<Record<string, string>>;
  /** Null where nothing is traced. */
  readonly span: Span | null;
};

const current = new AsyncLocalStorage<Work>();

export function currentWork(): Work | undefined {
  return current.getStore();
}

/** Everything that `act` begins belongs to this work. */
export function inWork<T>(work: Work, act: () => T): T {
  return current.run(work, act);
}

/** For what outlives the work that happens to begin it, or is done for many at once. */
export function outsideOfWork<T>(act: () => T): T {
  return current.getStore() === undefined ? act() : current.exit(act);
}

/** `act` as a span below the current one; just `act` where nothing is traced. */
export function traced<T>(
  name: string,
  kind: SpanKind,
  attributes: Attributes,
  act: (span: Span | null) => Promise<T>,
): Promise<T> {
  const work = current.getStore();
  if (!work?.span) return act(null);
  const span = work.span.child(name, kind, attributes);
  return current.run({ ids: work.ids, span }, async () => {
    try {
      return await act(span);
    } catch (error) {
      span.end(error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** The header that tells an upstream which trace it works in; none where nothing is traced. */
export function traceHeaders(): { traceparent?: string } {
  const span = current.getStore()?.span;
  return span ? { traceparent: span.traceparent } : {};
}

/** The id of the trace that a `traceparent` names. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}

/** What a span keeps of an error: a stable code where there is one, else its class. */
export function errorType(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { code, kind, definition } = error as { code?: unknown; kind?: unknown; definition?: { code?: unknown } };
  const stable = [definition?.code, code, kind].find((one) => typeof one === 'string' && /^[\w-]{1,64}$/.test(one));
  return typeof stable === 'string' ? stable : error.name;
}
