import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { StaticCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { textOf } from './project-files.ts';

export const reversibleMigrations: StaticCheck = {
  id: 'reversible-migrations',
  kind: 'static',
  category: 'reliability',
  weight: 'major',
  title: 'Every migration can be taken back, has a number of its own, and locks no table for long without saying so',
  items: ['S1-86', 'S1-88', 'S0-18', 'S3-8'],
  expected:
    'an up and a down part in each file, numbers that occur once, no CREATE INDEX CONCURRENTLY in a transaction',
  remedy: 'npm ci, or restore migrations/ from the repository',
  validDays: 30,
  command: 'npx parley migrate status',
  run: async (installation) => {
    const folder = join(installation.projectFolder, 'migrations');
    const names = (await readdir(folder, { recursive: true }).catch(() => []))
      .filter((name) => name.endsWith('.sql'))
      .sort();
    const faults: string[] = names.length === 0 ? ['there is none'] : [];
    const numbers = Map.groupBy(names, (name) => /(\d{4})_[^/]*$/.exec(name)?.[1] ?? 'none');
    for (const [number, own] of numbers)
      if (own.length > 1 || number === 'none') faults.push(`${own.join(' and ')} have the number ${number}`);
    for (const name of names) {
      const text = (await textOf(installation, `migrations/${name}`)) ?? '';
      if (!/^-- migrate: up$/m.test(text)) faults.push(`${name} has no up part`);
      if (!/^-- migrate: down$/m.test(text)) faults.push(`${name} cannot be taken back`);
    }
    return judge(faults, `${names.length} migrations`, [sample('names', names.join('\n'))]);
  },
};
