import type { Database, Unlisten } from '../database/database.ts';
import type { RedisConnection } from '../redis/redis.ts';
import type { Logger } from '../telemetry/log.ts';

/** Notices gather this long, because through PostgreSQL each one takes a lock that all commits share, ms. */
const GATHER_MS = 25;
/** Postgres refuses a payload of 8,000 bytes or more; an id has 36. */
const IDS_PER_NOTICE = 200;

type Notice<Kind extends string> = { kind: Kind; ids: string[] };

export type NoticeDependencies<Kind extends string> = {
  channel: string;
  kinds: readonly Kind[];
  database: Database;
  /** Null: notices go through PostgreSQL. */
  redis: RedisConnection | null;
  log: Logger;
};

/**
 * Tells other processes that something happened to what an id names: through Redis where there is one that answers, otherwise
 * through PostgreSQL. Only a hint: it may be lost, and then costs delay. Each process listens to both, and hears its own.
 */
export class Notices<Kind extends string> {
  readonly #deps: NoticeDependencies<Kind>;
  readonly #gathered = new Map<Kind, Set<string>>();
  #timer: NodeJS.Timeout | null = null;
  #unlisten: Unlisten[] = [];

  constructor(deps: NoticeDependencies<Kind>) {
    this.#deps = deps;
  }

  async start(onNotice: (kind: Kind, id: string) => void): Promise<void> {
    const { database, redis, channel } = this.#deps;
    // The embedded database has no other process.
    if (database.kind === 'embedded') return;
    const receive = (payload: string) => this.#receive(payload, onNotice);
    this.#unlisten.push(await database.listen(channel, receive));
    if (redis) this.#unlisten.push(redis.listen(channel, receive));
  }

  async stop(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    for (const unlisten of this.#unlisten.splice(0)) await unlisten();
  }

  /** Tells it within some milliseconds, together with what else happens by then. */
  announce(kind: Kind, id: string): void {
    if (this.#deps.database.kind === 'embedded') return;
    const ids = this.#gathered.get(kind) ?? new Set();
    this.#gathered.set(kind, ids.add(id));
    this.#timer ??= setTimeout(() => this.#sendGathered(), GATHER_MS);
  }

  /** Tells it now. */
  announceNow(kind: Kind, id: string): void {
    if (this.#deps.database.kind === 'server') void this.#send({ kind, ids: [id] });
  }

  #receive(payload: string, onNotice: (kind: Kind, id: string) => void): void {
    const notice = this.#noticeOf(payload);
    if (!notice) this.#deps.log.warn({ channel: this.#deps.channel }, 'a notice that is none was ignored');
    else for (const id of notice.ids) onNotice(notice.kind, id);
  }

  #sendGathered(): void {
    this.#timer = null;
    for (const [kind, gathered] of this.#gathered) {
      const ids = [...gathered];
      for (let start = 0; start < ids.length; start += IDS_PER_NOTICE) {
        void this.#send({ kind, ids: ids.slice(start, start + IDS_PER_NOTICE) });
      }
    }
    this.#gathered.clear();
  }

  async #send(notice: Notice<Kind>): Promise<void> {
    const { database, redis, log, channel } = this.#deps;
    const payload = JSON.stringify(notice);
    if (redis && (await redis.publish(channel, payload))) return;
    await database
      .execute('SELECT pg_notify($1, $2)', [channel, payload])
      .catch((error: unknown) => log.debug({ err: error }, 'a notice was lost'));
  }

  /** What comes through Redis may be anybody's. */
  #noticeOf(payload: string): Notice<Kind> | null {
    try {
      const { kind, ids } = JSON.parse(payload) as Partial<Notice<Kind>>;
      const known = this.#deps.kinds.some((one) => one === kind) && Array.isArray(ids);
      return known && kind !== undefined ? { kind, ids: (ids ?? []).map(String) } : null;
    } catch {
      return null;
    }
  }
}
