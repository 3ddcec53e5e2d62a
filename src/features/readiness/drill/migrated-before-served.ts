import type { ScratchCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';

export const migratedBeforeServed: ScratchCheck = {
  id: 'migrated-before-served',
  kind: 'drill',
  category: 'reliability',
  weight: 'blocker',
  title:
    'On PostgreSQL the server refuses a database that is not migrated; `parley migrate up` brings it to head, once',
  items: ['S0-32', 'S0-43', 'S1-88', 'S1-89', 'S2-60', 'S3-35', 'S3-38', 'S3-77'],
  expected: 'serve ends with 78 and names the command; migrate up ends with 0, twice; status tells nothing pending',
  remedy: 'report it: this is a fault of the program',
  validDays: 90,
  run: async (workshop) => {
    const postgres = await workshop.postgres();
    const settings = { DATABASE_URL: postgres.url, DATA_DIR: await workshop.folder() };
    const refused = await workshop.run(['serve'], settings);
    const [up, again] = [
      await workshop.run(['migrate', 'up'], settings),
      await workshop.run(['migrate', 'up'], settings),
    ];
    const status = await workshop.run(['migrate', 'status'], settings);
    const faults: string[] = [];
    if (refused.code !== 78 || !refused.err.includes('migrate up'))
      faults.push(`serve ended with ${refused.code}: ${refused.err.slice(-200)}`);
    if (up.code !== 0) faults.push(`migrate up ended with ${up.code}: ${up.err.slice(-200)}`);
    if (again.code !== 0) faults.push(`migrate up ended with ${again.code} the second time`);
    if (status.code !== 0) faults.push(`migrate status ended with ${status.code}`);
    if (/[1-9]\d* pending|: pending/.test(status.out)) faults.push('something is pending still');
    return judge(faults, 'refused, migrated, and at head', [
      sample('refusal', refused.err),
      sample('status', status.out),
    ]);
  },
};
