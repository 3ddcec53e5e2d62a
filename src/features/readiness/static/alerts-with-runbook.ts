import type { StaticCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { textOf, unlessImage } from './project-files.ts';

/** What the documents want to be woken for: by a part of the rule's expression, with its threshold. */
const WANTED: readonly (readonly [string, RegExp])[] = [
  ['429 over 5 %', /refused[\w:]* > 0\.05/],
  ['5xx over 0.1 %', /errors[\w:]* > 0\.001/],
  ['p95 of sessions over 500 ms', /session_seconds:p95\w* > 0\.5/],
  ['a budget spent to 80 %', /percent="80"/],
  ['cost over 10 USD a day', /cost_usd[\w:]* > 10/],
  ['old jobs', /queue_oldest_due_seconds\) > \d+/],
  ['a backup that failed', /backups_total\{[^}]*(failed|error)/],
  ['lag of a replica', /replica|replication/i],
  ['a full disk', /filesystem_avail|disk/i],
];

export const alertsWithRunbook: StaticCheck = {
  id: 'alerts-with-runbook',
  kind: 'static',
  category: 'observability',
  weight: 'major',
  title: 'There is an alert for each threshold of the documents, and in the runbook what to do for each alert',
  items: ['S1-78', 'S1-115', 'S1-131', 'S2-98', 'S2-99', 'S2-101', 'S3-66', 'S3-134', 'S3-146', 'S1-130'],
  expected: `${WANTED.map(([what]) => what).join(', ')}; a section of docs/operate/runbook.md for each; a dashboard`,
  remedy: 'restore deploy/monitoring and docs/operate/runbook.md; a rule of one’s own needs a section there, too',
  validDays: 30,
  run: (installation) =>
    unlessImage(installation, async () => {
      const rules = (await textOf(installation, 'deploy/monitoring/rules.yml')) ?? '';
      const runbook = (await textOf(installation, 'docs/operate/runbook.md')) ?? '';
      const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);
      const faults = WANTED.filter(([, form]) => !form.test(rules)).map(([what]) => `no alert for ${what}`);
      faults.push(
        ...alerts
          .filter((name) => !runbook.includes(`## ${name}\n`))
          .map((name) => `the runbook has nothing on ${name}`),
      );
      if ((await textOf(installation, 'deploy/monitoring/grafana-dashboard.json')) === null)
        faults.push('there is no dashboard');
      return judge(faults, `${alerts.length} alerts, each in the runbook`, [sample('rules.yml', rules)]);
    }),
};
