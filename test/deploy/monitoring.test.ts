import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { createMetrics } from '../../src/platform/telemetry/metrics.ts';
import { gaugeProcess } from '../../src/platform/telemetry/process-gauges.ts';
import { startMonitoring } from '../support/monitoring.ts';
import { firstProgram } from '../support/programs.ts';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, 'deploy/monitoring');
const read = (name: string) => readFile(join(FOLDER, name), 'utf8');
const run = promisify(execFile);

type Rule = { record?: string; alert?: string; expr: string };
type RuleTest = { alertname: string; exp_alerts?: unknown[] };
type Dashboard = { panels: { title: string; targets: { expr: string }[] }[] };

const rules = (parse(await read('rules.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  ({ rules: own }) => own,
);
const dashboard = JSON.parse(await read('grafana-dashboard.json')) as Dashboard;
const queries = dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })));
const promtool = firstProgram('promtool');
const servers = firstProgram('prometheus') !== null && firstProgram('prometheus-alertmanager', 'alertmanager') !== null;

/** Of the exporters beside the database, and Prometheus’ own. */
const FOREIGN = ['up', 'node_filesystem_avail_bytes', 'node_filesystem_size_bytes'];
/** What the test's own process cannot show of itself: another's late loop, and node_exporter's full disk. */
const OTHERS = `nodejs_eventloop_lag_p99_seconds 0.75
node_filesystem_avail_bytes{fstype="ext4",mountpoint="/data"} 4
node_filesystem_size_bytes{fstype="ext4",mountpoint="/data"} 100
`;
const alerts = rules.flatMap(({ alert }) => alert ?? []);

function registered() {
  const metrics = createMetrics();
  gaugeProcess(metrics.registry, {
    connections: () => ({ open: 3, idle: 1 }),
    waiting: () => 9,
    jobs: async () => [{ name: 'chat', waiting: 4, active: 1, failed: 0 }],
    jobAges: async () => [{ name: 'chat', seconds: 400 }],
    replicaLag: async () => 40,
    disk: async () => ({ free: 5, size: 100 }),
    slowStatements: () => 3,
    circuits: () => [{ kind: 'model', circuit: 'closed' }],
  });
  return metrics;
}

test('rules and dashboard ask for metrics that there are', async () => {
  const recorded = rules.flatMap(({ record }) => record ?? []);
  const known = registered()
    .registry.getMetricsAsArray()
    .map(({ name }) => name);
  const asked = [...rules, ...queries].flatMap(({ expr }) => namesIn(expr));
  const unknown = asked.filter(
    (name) =>
      ![...recorded, ...known, ...FOREIGN].includes(name) && !known.includes(name.replace(/_(bucket|count|sum)$/, '')),
  );
  expect(unknown).toEqual([]);
  expect(asked.length).toBeGreaterThan(40);
});

test('every alert has its section in the runbook, and no section has none', async () => {
  const runbook = await readFile(join(ROOT, 'docs/operate/runbook.md'), 'utf8');
  const sections = [...runbook.matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
  expect(sections.sort()).toEqual(alerts.toSorted());
});

test('every alert is tried in silence and aloud', async () => {
  const { tests } = parse(await read('rules.test.yml')) as { tests: { alert_rule_test: RuleTest[] }[] };
  const tried = tests.flatMap(({ alert_rule_test: own }) => own);
  for (const alert of alerts) {
    const own = tried.filter(({ alertname }) => alertname === alert);
    expect([...new Set(own.map(({ exp_alerts = [] }) => exp_alerts.length))].sort(), alert).toEqual([0, 1]);
  }
});

describe.skipIf(promtool === null)('promtool', () => {
  test('takes the rules, and finds them quiet and loud as it should', async () => {
    const { stdout } = await run('promtool', ['test', 'rules', join(FOLDER, 'rules.test.yml')]);
    expect(stdout).toContain('SUCCESS');
  });
});

describe.skipIf(!servers)('a real Prometheus and Alertmanager', { timeout: 240_000 }, () => {
  test('fire every alert at whom they should, and every panel of the dashboard has data', async () => {
    const metrics = registered();
    const monitoring = await startMonitoring(metrics.registry, await read('rules.yml'), OTHERS);
    onTestFinished(() => monitoring.close());
    const misuse = setInterval(() => breakAll(metrics), 100);
    onTestFinished(() => clearInterval(misuse));

    await expect
      .poll(() => [...monitoring.alerted].sort(), { timeout: 180_000, interval: 500 })
      .toEqual(alerts.toSorted());
    for (const { title, expr } of queries) {
      await expect
        .poll(() => monitoring.query(expr), { timeout: 180_000, message: `${title}: ${expr}` })
        .toBeGreaterThan(0);
    }
  });
});

/** Some of everything that the dashboard shows, and what alerts are for. */
function breakAll(metrics: ReturnType<typeof createMetrics>): void {
  for (const status of ['200', '429', '500']) {
    metrics.requests.observe({ method: 'GET', route: '/v1/sessions', status }, 0.9);
  }
  metrics.firstToken.observe(1);
  for (const status of ['completed', 'failed']) metrics.runs.inc({ status });
  metrics.activeRuns.set(1);
  metrics.openStreams.set(1);
  metrics.eventFlush.observe(0.01);
  metrics.eventsFlushed.inc();
  metrics.spend.inc({ provider: 'openai', purpose: 'run' }, 1);
  metrics.modelCalls.inc({ provider: 'openai', purpose: 'run', outcome: 'failed' });
  metrics.outsideCalls.inc({ kind: 'model', outcome: 'failed' });
  metrics.circuits.inc({ kind: 'model', state: 'open' });
  for (const percent of ['80', '100']) metrics.budgetAlerts.inc({ scope: 'tenant', period: 'day', percent });
  metrics.logins.inc({ outcome: 'failed' });
  metrics.documents.inc({ status: 'ready' });
  metrics.searches.observe({ mode: 'words' }, 0.01);
  metrics.recalls.observe({ mode: 'words' }, 0.01);
  metrics.memoriesRemembered.inc({ role: 'user', noise: 'none' });
  metrics.limitRefusals.inc({ limit: 'api' });
  metrics.ledgerBooking.observe(0.002);
  for (const outcome of ['done', 'failed']) metrics.jobs.observe({ queue: 'chat', outcome }, 0.1);
  metrics.toolCalls.inc({ tool: 'documents', outcome: 'ok' });
  metrics.budgetRefusals.inc({ scope: 'tenant', period: 'day' });
  metrics.backups.inc({ outcome: 'failed' });
  metrics.lastBackup.set(Date.now() / 1000 - 100_000);
}

/** Names of series in an expression: what is neither a function, a label nor a word of PromQL. */
function namesIn(expr: string): string[] {
  const bare = expr.replace(/\{[^}]*\}|\[[^\]]*\]|"[^"]*"/g, '').replace(/\b(by|on)\s*\([^)]*\)/g, '');
  return [...bare.matchAll(/[a-z_:][\w:]*/gi)]
    .filter(({ 0: name, index }) => !/^\s*\(/.test(bare.slice(index + name.length)) && !/^(sum|max|by|on)$/.test(name))
    .map(([name]) => name);
}
