import type { Database } from '../../../platform/database/database.ts';
import { Notices as PlatformNotices } from '../../../platform/notices/notices.ts';
import type { RedisConnection } from '../../../platform/redis/redis.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';

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

/** Tells other processes that a run has new events or is to be cancelled. Only a hint: a lost one costs delay. */
export class Notices {
  readonly #deps: NoticeDependencies;
  readonly #notices: PlatformNotices<'write' | 'cancel'>;

  constructor(deps: NoticeDependencies) {
    this.#deps = deps;
    this.#notices = new PlatformNotices({ ...deps, channel: 'parley_run', kinds: ['write', 'cancel'] });
  }

  start({ onWrite, onCancel }: NoticeEvents): Promise<void> {
    return this.#notices.start((kind, runId) => (kind === 'cancel' ? onCancel : onWrite)(runId));
  }

  stop(): Promise<void> {
    return this.#notices.stop();
  }

  announceWrite(runId: string): void {
    if (this.#deps.hasOthers()) this.#notices.announce('write', runId);
  }

  announceCancel(runId: string): void {
    this.#notices.announceNow('cancel', runId);
  }
}
