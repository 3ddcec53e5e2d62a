import { setTimeout } from 'node:timers/promises';
import { CompiledQuery } from 'kysely';
import type { Db } from '../database.ts';

/** How long a migration may stand in the way of servers that work on the same tables. */
export type MigrationLimits = {
  /** How long a statement waits for a lock, ms. Whatever comes behind it waits as long: keep it short. */
  lockTimeout: number;
  /** How often a migration that got no lock is tried in all. */
  lockTries: number;
  /** Longest statement, ms. */
  statementTimeout: number;
};

export const usualLimits: MigrationLimits = { lockTimeout: 2_000, lockTries: 10, statementTimeout: 600_000 };

/** A migration that got no lock, as often as it was tried. Nothing of it was done, and what was there works on. */
export class MigrationLockedError extends Error {
  constructor(schema: string, id: string, { lockTimeout, lockTries }: MigrationLimits) {
    super(
      `Schema ${schema}: migration ${id} got no lock within ${lockTimeout} ms in ${lockTries} ${lockTries === 1 ? 'try' : 'tries'}, because a long transaction holds it. Look for the oldest xact_start in pg_stat_activity, let that end, and run the command again.`,
    );
    this.name = 'MigrationLockedError';
  }
}

/** For the rest of a transaction. Waiting for another migration of the same schema is bounded by the statement's time. */
export async function limitStatements(trx: Db, { statementTimeout }: MigrationLimits): Promise<void> {
  await trx.executeQuery(CompiledQuery.raw(`SET LOCAL statement_timeout TO ${statementTimeout}`));
}

export async function limitLocks(trx: Db, { lockTimeout }: MigrationLimits): Promise<void> {
  await trx.executeQuery(CompiledQuery.raw(`SET LOCAL lock_timeout TO ${lockTimeout}`));
}

const LONGEST_PAUSE_MS = 5_000;

/** Lets those through that had to wait behind us: longer each time. `tried`: how often, from 1. */
export async function pauseAfterLock(tried: number, { lockTimeout }: MigrationLimits, signal?: AbortSignal) {
  await setTimeout(Math.min(LONGEST_PAUSE_MS, (lockTimeout / 4) * 2 ** (tried - 1)), undefined, { signal });
}
