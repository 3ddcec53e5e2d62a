import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** The path of the first of these programs that this machine has, or null. */
export function firstProgram(...names: readonly string[]): string | null {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(':')) {
      const path = join(folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not in this folder.
      }
    }
  }
  return null;
}
