import type { Database } from './database.ts';
import { isDatabaseAway, isLockConflict } from './failures.ts';

/** A hot standby for reads that may be a moment old. */
export type ReplicaReads = {
  /** Whether there is one. */
  isThere: boolean;
  /**
   * Reads from the replica while it is near enough to the primary, else from the primary. `work` may be called twice: it
   * must only read.
   */
  read<T>(work: (database: Database) => Promise<T>): Promise<T>;
  /** How far it is behind, seconds; 0 when it has all that the primary had written. Null where there is none.
   * @throws Error when it cannot be asked */
  lag(): Promise<number | null>;
  /** Resolves when it is near enough. @throws Error that says to an operator what is wrong */
  check(): Promise<void>;
  close(): Promise<void>;
};

export type ReplicaOptions = {
  primary: Database;
  /** Null: all reads go to the primary. */
  replica: Database | null;
  /** From which lag on reads go to the primary, seconds. */
  mostLag: number;
  /** How old the knowledge of the lag may be before it is asked for again, ms. */
  fresh?: number;
};

const FRESH_MS = 1_000;

export function createReplicaReads({ primary, replica, mostLag, fresh = FRESH_MS }: ReplicaOptions): ReplicaReads {
  if (replica === null) {
    return {
      isThere: false,
      read: (work) => work(primary),
      lag: async () => null,
      check: async () => undefined,
      close: async () => undefined,
    };
  }
  let known: { at: number; near: boolean } | null = null;
  let asking: Promise<boolean> | null = null;
  const lag = () => lagOf(primary, replica);
  const learn = (near: boolean): boolean => {
    known = { at: performance.now(), near };
    return near;
  };
  const ask = (): Promise<boolean> => {
    const asked = lag().then(
      (seconds) => learn(seconds <= mostLag),
      () => learn(false),
    );
    return asked.finally(() => {
      asking = null;
    });
  };
  /** No read waits for the answer but the first: a replica that hangs must not hold up those that do without it. */
  const isNear = (): boolean | Promise<boolean> => {
    if (known !== null && performance.now() - known.at < fresh) return known.near;
    asking ??= ask();
    return known?.near ?? asking;
  };
  return {
    isThere: true,
    lag,
    async read(work) {
      if (!(await isNear())) return work(primary);
      try {
        return await work(replica);
      } catch (error) {
        // It went away, or had to end the read to follow the primary.
        if (!isDatabaseAway(error) && !isLockConflict(error)) throw error;
        if (isDatabaseAway(error)) learn(false);
        return work(primary);
      }
    },
    async check() {
      const seconds = await lag();
      if (seconds > mostLag) {
        throw new Error(`the replica is ${Math.round(seconds)} s behind, ${mostLag} s may be: reads go to the primary`);
      }
    },
    close: () => replica.close(),
  };
}

/**
 * Its last transaction is old also where nothing is written: so first, whether the primary has anything that it has not.
 * A replica that lost its primary is told apart by this, too.
 */
async function lagOf(primary: Database, replica: Database): Promise<number> {
  const written = await primary.execute('SELECT pg_current_wal_lsn()::text AS position');
  const { rows } = await replica.execute(
    `SELECT CASE WHEN pg_last_wal_replay_lsn() >= $1::pg_lsn THEN 0
       ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END::float8 AS seconds`,
    [written.rows[0]?.position],
  );
  const seconds = rows[0]?.seconds;
  // Null: it has replayed no transaction since it started, and misses one.
  return typeof seconds === 'number' ? seconds : Number.POSITIVE_INFINITY;
}
