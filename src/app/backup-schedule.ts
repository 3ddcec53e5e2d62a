import type { Config } from './config.ts';

/** The embedded database has no operator who would think of it; a server database is large, and has tools of its own. */
export function backupSchedule({ backupSchedule: given, databaseUrl }: Config): string | null {
  if (given === 'never') return null;
  return given ?? (databaseUrl === null ? '41 2 * * *' : null);
}
