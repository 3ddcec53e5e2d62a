import { SealBrokenError } from '../../../platform/secrets/secret-box.ts';
import { BackupBrokenError } from './backup-lines.ts';
import { RestoreRefusedError } from './restore-installation.ts';

/** What a person is told when a backup cannot be opened or restored; null for any other failure. */
export function restoreFaultOf(error: unknown): string | null {
  if (error instanceof SealBrokenError) return `The backup cannot be opened: ${error.message}`;
  return error instanceof BackupBrokenError || error instanceof RestoreRefusedError ? error.message : null;
}
