import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { searchPathOf } from '../config.ts';
import type { Finding } from './finding.ts';

/** The program needs none of them; operators do. */
const WANTED: readonly { names: readonly string[]; why: string }[] = [
  { names: ['npm'], why: 'to install and to update' },
  { names: ['psql'], why: 'to look into a server database' },
  { names: ['pgbackrest'], why: 'for parley pitr, on the machine of the server database' },
];

export async function checkTools(): Promise<readonly Finding[]> {
  return Promise.all(
    WANTED.map(async ({ names, why }): Promise<Finding> => {
      const found = await firstOf(names);
      if (found !== null) return { kind: 'ok', text: found };
      return { kind: 'warning', text: `${names.join(' or ')} is not here; it is wanted ${why}` };
    }),
  );
}

async function firstOf(names: readonly string[]): Promise<string | null> {
  for (const folder of searchPathOf().split(delimiter)) {
    for (const name of names) {
      const path = join(folder, name);
      const isThere = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (isThere) return path;
    }
  }
  return null;
}
