import type { MigrationLimits } from '../platform/database/migrations/migration-limits.ts';
import { integer, setting } from './setting.ts';

/** How patient `parley migrate` is with servers that work beside it, and they with it. */
export const migrationSettings = {
  migrationLockTimeout: setting(
    'MIGRATION_LOCK_TIMEOUT_MS',
    integer(10, 600_000),
    2_000,
    'How long a statement of a migration waits for a lock, ms. Requests that come behind it wait as long.',
  ),
  migrationLockTries: setting(
    'MIGRATION_LOCK_TRIES',
    integer(1, 1_000),
    10,
    'How often a migration that got no lock is tried in all, with growing pauses.',
  ),
  migrationStatementTimeout: setting(
    'MIGRATION_STATEMENT_TIMEOUT_MS',
    integer(1_000, 86_400_000),
    600_000,
    'Longest statement of a migration, ms.',
  ),
} as const;

type MigrationSettings = { readonly [Name in keyof typeof migrationSettings]: number };

export function migrationLimitsOf(config: MigrationSettings): MigrationLimits {
  return {
    lockTimeout: config.migrationLockTimeout,
    lockTries: config.migrationLockTries,
    statementTimeout: config.migrationStatementTimeout,
  };
}
