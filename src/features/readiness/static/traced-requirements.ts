import type { StaticCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { textOf, unlessImage } from './project-files.ts';

const ITEMS: Readonly<Record<string, number>> = { S0: 44, S1: 149, S2: 133, S3: 146 };

export const tracedRequirements: StaticCheck = {
  id: 'traced-requirements',
  kind: 'static',
  category: 'documentation',
  weight: 'minor',
  title: 'Each of the 472 requirements of the predecessors is traced to what shows it, or is open with its reason',
  items: ['S2-68', 'S2-69', 'S2-70', 'S2-71', 'S2-73', 'S2-129', 'S2-133', 'S1-103'],
  expected: 'a row of docs/acceptance.md for each, none twice',
  remedy: 'node scripts/write-acceptance.ts',
  validDays: 30,
  run: (installation) =>
    unlessImage(installation, async () => {
      const table = (await textOf(installation, 'docs/acceptance.md')) ?? '';
      const rows = [...table.matchAll(/^\| (S\d-\d+) \|.*\| (.*) \|$/gm)];
      const faults: string[] = [];
      const counts = Map.groupBy(rows, ([, id]) => id ?? '');
      for (const [seed, count] of Object.entries(ITEMS)) {
        for (let number = 1; number <= count; number += 1) {
          const found = counts.get(`${seed}-${number}`)?.length ?? 0;
          if (found !== 1) faults.push(`${seed}-${number} has ${found} rows`);
        }
      }
      const open = rows.filter(([, , shown]) => shown?.endsWith(' open')).length;
      return judge(faults.slice(0, 20), `${rows.length} rows, ${open} of them open with a reason`, [
        sample('docs/acceptance.md', table),
      ]);
    }),
};
