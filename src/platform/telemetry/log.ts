import { type Logger, type LoggerOptions, pino, stdSerializers, symbols } from 'pino';
import pretty from 'pino-pretty';
import { createRedactor, type Redactor } from './redaction.ts';
import { currentWork } from './tracing.ts';

export type { Logger } from 'pino';

/** A line at `error` or above that has an error. */
export type LoggedError = {
  error: Error;
  /** In words of ours. */
  message: string;
  level: 'error' | 'fatal';
  /** What the line says of where it happened: request, trace, tenant, run, job. */
  ids: Readonly<Record<string, string>>;
};

export type LogOptions = {
  level: string /** Lines for a person instead of JSON. */;
  pretty: boolean;
  stream?: NodeJS.WritableStream;
  /** Values that must never be logged: those of secret settings. */
  secrets?: readonly string[];
  /** Told of each error that is logged. Must not throw. */
  onError?(logged: LoggedError): void;
  /** Whether somebody else tells of such an error, once for all that meet it: their lines are at `debug`, whatever they were. */
  isToldElsewhere?(error: unknown): boolean;
};

const WARN_LEVEL = 40;
const ERROR_LEVEL = 50;

/** Lines say what they are about by themselves: the ids of the work that they are written in, and no secrets. */
export function createLog(options: LogOptions): Logger {
  const redactor = createRedactor(options.secrets);
  const { onError, isToldElsewhere } = options;
  const settings: LoggerOptions = {
    level: options.level.toLowerCase(),
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields) => redactor.value(fields) as Record<string, unknown>,
    },
    serializers: { err: (error: unknown) => shownError(error, redactor) },
    mixin: (fields, _level, logger) => idsFor(fields, logger),
    hooks: {
      logMethod(args, method, level) {
        if (isToldElsewhere && level >= WARN_LEVEL && isToldElsewhere(errorIn(args))) return this.debug(...args);
        if (onError && level >= ERROR_LEVEL) tell(args, level, this as Logger, onError);
        const clean = (args as unknown[]).map((one) => (typeof one === 'string' ? redactor.text(one) : one));
        method.apply(this, clean as Parameters<typeof method>);
      },
    },
  };
  const destination = options.stream ?? process.stderr;
  const log = options.pretty
    ? pino(settings, pretty({ destination: destination as never, translateTime: 'HH:MM:ss', ignore: 'trace_id' }))
    : pino(settings, destination);
  // The formatters see what a line is given, not what its logger is bound to. Children inherit this, too.
  const { child } = log;
  log.child = function (this: Logger, bindings, more) {
    return child.call(this, redactor.value(bindings) as typeof bindings, more) as never;
  };
  return log;
}

/** What PostgreSQL adds to its errors quotes rows and parameters: content. Its message and code say enough. */
const CONTENT = new Set(['detail', 'where', 'hint', 'internalQuery', 'dataType']);

function shownError(error: unknown, redactor: Redactor): unknown {
  if (!(error instanceof Error)) return redactor.value(error);
  const shown = Object.entries({ ...stdSerializers.err(error) }).filter(
    ([name, value]) => !('severity' in error && CONTENT.has(name)) && isPlain(value),
  );
  return redactor.value(Object.fromEntries(shown));
}

/** Libraries hang whole clients, sockets and requests on their errors: pages of one line, and whatever is in them. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value));
}

/** The ids of the current work that the line does not have anyway. */
function idsFor(fields: object, logger: Logger): Record<string, string> {
  const ids = currentWork()?.ids;
  if (!ids) return {};
  const bound = (logger as unknown as { [symbols.chindingsSym]: string })[symbols.chindingsSym];
  const missing = Object.entries(ids).filter(([name]) => !(name in fields) && !bound.includes(`"${name}":`));
  return Object.fromEntries(missing);
}

const IDS = ['request_id', 'trace_id', 'tenant', 'tenant_id', 'run_id', 'job_id', 'queue', 'route'] as const;

function errorIn([fields]: unknown[]): unknown {
  return fields instanceof Error ? fields : (fields as { err?: unknown } | null)?.err;
}

function tell(args: unknown[], level: number, logger: Logger, onError: NonNullable<LogOptions['onError']>): void {
  const [fields, message] = args as [unknown, unknown];
  const error = errorIn(args);
  if (!(error instanceof Error)) return;
  const known: Record<string, unknown> = { ...currentWork()?.ids, ...logger.bindings(), ...(fields as object) };
  const ids = Object.fromEntries(
    IDS.filter((name) => typeof known[name] === 'string').map((name) => [name, known[name]]),
  );
  onError({
    error,
    message: typeof message === 'string' ? message : 'an error',
    level: level > ERROR_LEVEL ? 'fatal' : 'error',
    ids: ids as Record<string, string>,
  });
}
