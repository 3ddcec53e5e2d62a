import type { Database, Unlisten } from '../../../platform/database/database.ts';
import type { RedisConnection } from '../../../platform/redis/redis.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';

const CHANNEL = 'parley_run';
/** Notices of writes gather this long, because through PostgreSQL each one takes a lock that all commits share, ms. */
const GATHER_MS = 25;
/** Postgres refuses a payload of 8,000 bytes or more; an id has 36. */
const IDS_PER_NOTICE = 200;

type Notice = { kind: 'write' | 'cancel'; runIds: string[] };

export type NoticeEvents = {
  /** Another process wrote to this run. */
  onWrite(runId: string): void;
  onCancel(runId: string): void;
};

export type NoticeDependencies = {
  database: Database;
  /** Null: notices go through PostgreSQL. */
  redis: RedisConnection | null;
  log: Logger;
  /** Whether any other process is there to be told. */
  hasOthers(): boolean;
};

/**
 * Tells other processes that a run has new events or is to be cancelled: through Redis where there is one that answers,
 * otherwise through PostgreSQL. Only a hint: it may be lost, and then costs delay. Each process listens to both.
 */
export class Notices {
  readonly #deps: NoticeDependencies;
  #written = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #unlisten: Unlisten[] = [];

  constructor(deps: NoticeDependencies) {
    this.#deps = deps;
  }

  async start(events: NoticeEvents): Promise<void> {
    const { database, redis } = this.#deps;
    // The embedded database has no other process.
    if (database.kind === 'embedded') return;
    const receive = (payload: string) => this.#receive(payload, events);
    this.#unlisten.push(await database.listen(CHANNEL, receive));
    if (redis) this.#unlisten.push(redis.listen(CHANNEL, receive));
  }

  async stop(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    for (const unlisten of this.#unlisten.splice(0)) await unlisten();
  }

  announceWrite(runId: string): void {
    if (!this.#deps.hasOthers()) return;
    this.#written.add(runId);
    this.#timer ??= setTimeout(() => this.#sendWritten(), GATHER_MS);
  }

  announceCancel(runId: string): void {
    if (this.#deps.database.kind === 'server') void this.#send({ kind: 'cancel', runIds: [runId] });
  }

  #receive(payload: string, { onWrite, onCancel }: NoticeEvents): void {
    const notice = noticeOf(payload);
    if (!notice) this.#deps.log.warn('a notice that is none was ignored');
    for (const runId of notice?.runIds ?? []) (notice?.kind === 'cancel' ? onCancel : onWrite)(runId);
  }

  #sendWritten(): void {
    const runIds = [...this.#written];
    this.#written = new Set();
    this.#timer = null;
    for (let start = 0; start < runIds.length; start += IDS_PER_NOTICE) {
      void this.#send({ kind: 'write', runIds: runIds.slice(start, start + IDS_PER_NOTICE) });
    }
  }

  async #send(notice: Notice): Promise<void> {
    const { database, redis, log } = this.#deps;
    const payload = JSON.stringify(notice);
    if (redis && (await redis.publish(CHANNEL, payload))) return;
    await database
      .execute('SELECT pg_notify($1, $2)', [CHANNEL, payload])
      .catch((error: unknown) => log.debug({ err: error }, 'a notice was lost'));
  }
}

/** What comes through Redis may be anybody's. */
function noticeOf(payload: string): Notice | null {
  try {
    const { kind, runIds } = JSON.parse(payload) as Partial<Notice>;
    const known = (kind === 'write' || kind === 'cancel') && Array.isArray(runIds);
    return known ? { kind, runIds: runIds.map(String) } : null;
  } catch {
    return null;
  }
}
