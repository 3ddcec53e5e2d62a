import type { StaticCheck } from '../check.ts';
import { judge } from '../finding.ts';
import { lacking, textOf, unlessImage } from './project-files.ts';

type Wanted = readonly (readonly [RegExp, string])[];
const DOCUMENTS: readonly (readonly [string, Wanted])[] = [
  [
    'docs/operate/deploy-and-upgrade.md',
    [
      [/^## Deploy/m, 'way to deploy'],
      [/^## .*(Go back|roll)/im, 'way back'],
      [/^## .*Blue/m, 'blue and green'],
      [/^## .*Upgrade/m, 'way to upgrade'],
    ],
  ],
  [
    'docs/operate/backup-and-recovery.md',
    [
      [/^## Restore/m, 'way to restore'],
      [/any second/, 'restore to a second'],
      [/^## .*disaster/im, 'plan for a disaster'],
    ],
  ],
  ['docs/operate/runbook.md', [[/^## Parley\w+/m, 'section on an alert']]],
  [
    'docs/operate/readiness.md',
    [
      [/NO-GO/, 'meaning of the verdict'],
      [/--drills/, 'drills'],
      [/waiver/i, 'waivers'],
    ],
  ],
  ['docs/security/asvs.md', [[/ASVS/, 'table of OWASP ASVS']]],
  ['docs/errors.md', [[/ERR_[A-Z]+_\d{3}/, 'code of an error']]],
  ['SECURITY.md', [[/report/i, 'address for reports']]],
  ['CHANGELOG.md', [[/^## /m, 'entry']]],
  ['README.md', [[/npm ci/, 'way to begin']]],
];

export const operatorDocuments: StaticCheck = {
  id: 'operator-documents',
  kind: 'static',
  category: 'documentation',
  weight: 'major',
  title: 'What an operator needs is written down: deploy, go back, back up, recover, each alert, security, errors',
  items: [
    'S1-87',
    'S1-90',
    'S1-99',
    'S1-101',
    'S1-116',
    'S1-138',
    'S1-149',
    'S2-72',
    'S2-78',
    'S2-96',
    'S2-97',
    'S3-13',
    'S3-16',
    'S3-81',
    'S3-82',
    'S3-83',
    'S3-111',
    'S3-142',
    'S3-143',
  ],
  expected: `${DOCUMENTS.map(([file]) => file).join(', ')}, each with its sections`,
  remedy: 'restore docs/ from the repository',
  validDays: 30,
  run: (installation) =>
    unlessImage(installation, async () => {
      const faults: string[] = [];
      for (const [file, wanted] of DOCUMENTS) faults.push(...lacking(file, await textOf(installation, file), wanted));
      return judge(faults, `${DOCUMENTS.length} documents`);
    }),
};
