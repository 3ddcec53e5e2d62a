import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { StaticCheck } from '../check.ts';
import { judge } from '../finding.ts';
import { withSettings } from './needs-settings.ts';

export const privateFiles: StaticCheck = {
  id: 'private-files',
  kind: 'static',
  category: 'security',
  weight: 'major',
  title: 'Other accounts of the machine can read neither the settings nor the data',
  items: ['S1-118', 'S3-60', 'S3-103'],
  expected: 'no rights for others on .env and DATA_DIR',
  remedy: 'chmod 600 .env; chmod 700 the data folder',
  validDays: 30,
  run: (installation, signal) =>
    withSettings(async ({ dataDir }) => {
      const faults: string[] = [];
      for (const path of [join(installation.projectFolder, '.env'), dataDir]) {
        signal.throwIfAborted();
        const mode = (await stat(path).catch(() => null))?.mode;
        if (mode !== undefined && (mode & 0o007) !== 0) faults.push(`${path} has mode ${(mode & 0o777).toString(8)}`);
      }
      return judge(faults, 'nobody else has rights, or there is none of them');
    })(installation),
};
