import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LiveCheck } from '../check.ts';
import { judge, notApplicable } from '../finding.ts';
import { readMetrics } from './metrics.ts';

export const metricsOfAlerts: LiveCheck = {
  id: 'metrics-of-alerts',
  kind: 'live',
  category: 'observability',
  weight: 'major',
  title: 'The running server has every metric that an alert or the dashboard asks for',
  items: ['S1-130', 'S1-135', 'S1-136', 'S3-108'],
  expected: 'each parley_ and nodejs_ name of rules.yml and grafana-dashboard.json is in /metrics',
  remedy: 'deploy/monitoring and the server are of different versions: update both',
  validDays: 7,
  run: async (target) => {
    const read = (name: string) =>
      readFile(join(target.projectFolder, 'deploy/monitoring', name), 'utf8').catch(() => null);
    const [rules, dashboard] = [await read('rules.yml'), await read('grafana-dashboard.json')];
    if (rules === null || dashboard === null) return notApplicable('deploy/monitoring is not beside this program');
    const text = await readMetrics(target);
    if (text === null) return notApplicable('the server asks for a token that these settings do not have');
    const asked = new Set(`${rules}${dashboard}`.match(/\b(?:parley|nodejs)_[a-z0-9_]+/g));
    const known = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    const base = (name: string) => name.replace(/_(bucket|count|sum)$/, '');
    const missing = [...asked].filter((name) => !known.has(name) && !known.has(base(name)));
    return judge(
      missing.map((name) => `${name} is asked for, and not there`),
      `${asked.size} names, all there`,
    );
  },
};
