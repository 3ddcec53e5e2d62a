import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { LoggedError } from './log.ts';
import type { Redactor } from './redaction.ts';

/** Sends errors to Sentry, or to what speaks its protocol. */
export type ErrorReports = {
  /** Returns at once. What comes too often is dropped and counted. */
  report(logged: LoggedError): void;
  /** Waits until all is sent, a few seconds at most. */
  close(): Promise<void>;
};

export type ErrorReportOptions = {
  /** `https://<public key>@<host>/<project>` */
  dsn: string;
  release: string;
  environment: string;
  redactor: Redactor;
  /** Told when a report could not be sent. */
  onFailure(reason: string): void;
  fetch?: typeof fetch;
};

/** The parts of a DSN. */
export type Dsn = { key: string; url: string };

/** Null: that is no DSN. https://develop.sentry.dev/sdk/foundations/transport/authentication */
export function readDsn(text: string): Dsn | null {
  if (!URL.canParse(text)) return null;
  const { protocol, username, host, pathname } = new URL(text);
  const [, folder = '', project] = /^(.*)\/(\d+)\/?$/.exec(pathname) ?? [];
  if (!/^https?:$/.test(protocol) || username === '' || project === undefined) return null;
  return { key: username, url: `${protocol}//${host}${folder}/api/${project}/envelope/` };
}

const TIMEOUT_MS = 5_000;
const MOST_UNDER_WAY = 20;
/** The same error is sent once in this time; one that repeats a thousand times a second says nothing more. */
const QUIET_MS = 60_000;
const MOST_KNOWN = 500;

export function createErrorReports(options: ErrorReportOptions): ErrorReports {
  const dsn = readDsn(options.dsn);
  if (!dsn) throw new Error('This is no DSN.');
  const { onFailure, fetch: send = fetch } = options;
  const underWay = new Set<Promise<void>>();
  const known = new Map<string, { until: number; dropped: number }>();
  let pausedUntil = 0;

  /** How many of the same were left out since the last one; null: this one is left out, too. */
  function admit(logged: LoggedError): number | null {
    const now = Date.now();
    const frames = framesOf(logged.error);
    const place = frames.find((frame) => frame.includes('/src/')) ?? frames[0] ?? '';
    const print = `${logged.message} ${logged.error.name} ${place}`;
    const before = known.get(print);
    if (before && before.until > now) {
      before.dropped += 1;
      return null;
    }
    if (now < pausedUntil || underWay.size >= MOST_UNDER_WAY) return null;
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(print, { until: now + QUIET_MS, dropped: 0 });
    return before?.dropped ?? 0;
  }

  async function post(body: string, { key, url }: Dsn): Promise<void> {
    const response = await send(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-sentry-envelope',
        'x-sentry-auth': `Sentry sentry_version=7, sentry_client=parley/${options.release}, sentry_key=${key}`,
      },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    if (response.ok) return;
    const seconds = Number(response.headers.get('retry-after') ?? 60);
    if (response.status === 429) pausedUntil = Date.now() + (Number.isFinite(seconds) ? seconds : 60) * 1000;
    onFailure(`it answered ${response.status}`);
  }

  return {
    report(logged) {
      const dropped = admit(logged);
      if (dropped === null) return;
      const sending = post(envelopeOf(logged, dropped, options), dsn)
        .catch((error: unknown) => onFailure(error instanceof Error ? error.message : String(error)))
        .finally(() => underWay.delete(sending));
      underWay.add(sending);
    },
    async close() {
      await Promise.all(underWay);
    },
  };
}

/** https://develop.sentry.dev/sdk/foundations/data-model/event-payloads */
function envelopeOf({ error, message, level, ids }: LoggedError, dropped: number, options: ErrorReportOptions): string {
  const { release, environment, redactor } = options;
  const id = randomUUID().replaceAll('-', '');
  const now = new Date().toISOString();
  const { trace_id, route, ...tags } = ids;
  const event = {
    event_id: id,
    timestamp: now,
    platform: 'node',
    level,
    logger: 'parley',
    release: `parley@${release}`,
    environment,
    server_name: hostname(),
    ...(route && { transaction: route }),
    message: { formatted: redactor.text(message) },
    tags: { ...tags, ...(trace_id && { trace_id }) },
    ...(trace_id && { contexts: { trace: { trace_id, span_id: id.slice(0, 16) } } }),
    ...(dropped > 0 && { extra: { not_sent_since_the_last: dropped } }),
    exception: {
      values: chainOf(error)
        .map((one) => exceptionOf(one, redactor))
        .reverse(),
    },
  };
  return [{ event_id: id, sent_at: now }, { type: 'event', content_type: 'application/json' }, event]
    .map((part) => JSON.stringify(part))
    .join('\n');
}

const LONGEST_CHAIN = 5;

/** The error and its causes, outermost first. */
function chainOf(error: Error): Error[] {
  const chain: Error[] = [];
  for (let one: unknown = error; one instanceof Error && chain.length < LONGEST_CHAIN; one = one.cause) chain.push(one);
  return chain;
}

function exceptionOf(error: Error, redactor: Redactor) {
  const { code } = error as { code?: unknown };
  const frames = framesOf(error)
    .map(frameOf)
    .filter((frame) => frame !== null);
  return {
    type: error.name,
    value: redactor.text(withoutQuotes(error.message)),
    ...(typeof code === 'string' && { mechanism: { type: 'generic', handled: true, data: { code } } }),
    // Sentry has the innermost call last.
    ...(frames.length > 0 && { stacktrace: { frames: frames.reverse() } }),
  };
}

const LONGEST_MESSAGE = 300;

/** Messages quote what was wrong: a piece of a question, of an answer of a provider, of a row. It does not leave the house. */
function withoutQuotes(message: string): string {
  const [line = ''] = message.split('\n', 1);
  const bare = line.replace(/"[^"]*"?|'[^']*'|`[^`]*`|“[^”]*”?|\{.*|\[.*|\([^)]*\)=.*/g, '…');
  return bare.length > LONGEST_MESSAGE ? `${bare.slice(0, LONGEST_MESSAGE)}…` : bare;
}

function framesOf({ stack = '' }: Error): string[] {
  return stack.split('\n').filter((line) => /^\s+at /.test(line));
}

const FRAME = /^\s+at (?:(?:async )?(.+?) \()?(?:file:\/\/)?((?:node:|\/|[A-Za-z]:)[^()]*?):(\d+):(\d+)\)?$/;

function frameOf(line: string) {
  const [, name, path, row, column] = FRAME.exec(line) ?? [];
  if (path === undefined) return null;
  const filename = path.replace(/^.*\/(src|node_modules)\//, '$1/');
  return {
    ...(name && { function: name }),
    filename,
    lineno: Number(row),
    colno: Number(column),
    in_app: filename.startsWith('src/'),
  };
}
