import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { endWithTests } from './keeper.ts';
import { firstProgram } from './programs.ts';

/** A real Prometheus that scrapes a registry, and an Alertmanager that tells this process. */
export type Monitoring = {
  /** Names of the alerts that arrived. */
  readonly alerted: ReadonlySet<string>;
  /** How many series an expression has now. */
  query(expr: string): Promise<number>;
  close(): Promise<void>;
};

type Registry = { contentType: string; metrics(): Promise<string> };
type Webhook = { alerts: { status: string; labels: { alertname: string } }[] };
type QueryAnswer = { data?: { result?: unknown[] } };

const OTHERS = '/others';

/**
 * As Debian packages them. The rules' spans are shortened: what takes minutes to be believed takes a second here. Beside the
 * registry two more of the job `parley` are watched: one that says `others`, and one that is not there.
 */
export async function startMonitoring(registry: Registry, rules: string, others: string): Promise<Monitoring> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-monitoring-'));
  const alerted = new Set<string>();
  const peer = createServer((request, response) => void answer(request, response, { registry, others, alerted }));
  const [own, prometheusPort, alertmanagerPort] = [await listen(peer), await freePort(), await freePort()];
  await writeFile(join(folder, 'rules.yml'), impatient(rules));
  await writeFile(join(folder, 'prometheus.yml'), prometheusConfig(own, alertmanagerPort));
  await writeFile(join(folder, 'alertmanager.yml'), alertmanagerConfig(own));
  const children = [
    start(firstProgram('prometheus'), [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'series')}`,
      `--web.listen-address=127.0.0.1:${prometheusPort}`,
      '--log.level=error',
    ]),
    start(firstProgram('prometheus-alertmanager', 'alertmanager'), [
      `--config.file=${join(folder, 'alertmanager.yml')}`,
      `--storage.path=${join(folder, 'alerts')}`,
      `--web.listen-address=127.0.0.1:${alertmanagerPort}`,
      '--cluster.listen-address=',
      '--log.level=error',
    ]),
  ];
  return {
    alerted,
    async query(expr) {
      const address = `http://127.0.0.1:${prometheusPort}/api/v1/query?query=${encodeURIComponent(expr)}`;
      const body = (await (await fetch(address)).json()) as QueryAnswer;
      return body.data?.result?.length ?? 0;
    },
    async close() {
      for (const child of children) {
        if (child.exitCode === null) {
          child.kill('SIGKILL');
          await once(child, 'exit');
        }
      }
      peer.closeAllConnections();
      await new Promise((resolve) => peer.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type Peer = { registry: Registry; others: string; alerted: Set<string> };

async function answer(request: IncomingMessage, response: ServerResponse, { registry, others, alerted }: Peer) {
  if (request.method === 'POST') {
    const { alerts } = (await json(request)) as Webhook;
    for (const { status, labels } of alerts) if (status === 'firing') alerted.add(labels.alertname);
    response.end();
  } else {
    response.setHeader('content-type', registry.contentType);
    response.end(request.url === OTHERS ? others : await registry.metrics());
  }
}

function impatient(rules: string): string {
  return rules.replaceAll(/for: \d+m/g, 'for: 0s').replaceAll(/\[(5m|10m|15m|1h|1d)\]/g, '[10s]');
}

function prometheusConfig(own: number, alertmanager: number): string {
  return `
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [rules.yml]
alerting: { alertmanagers: [{ static_configs: [{ targets: ["127.0.0.1:${alertmanager}"] }] }] }
scrape_configs:
  - { job_name: parley, static_configs: [{ targets: ["127.0.0.1:${own}", "127.0.0.1:1"] }] }
  - job_name: others
    metrics_path: ${OTHERS}
    static_configs: [{ targets: ["127.0.0.1:${own}"], labels: { job: parley, instance: other } }]
`;
}

function alertmanagerConfig(own: number): string {
  return `
route: { receiver: test, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h }
receivers: [{ name: test, webhook_configs: [{ url: "http://127.0.0.1:${own}/alerts" }] }]
`;
}

function start(program: string | null, args: readonly string[]): ChildProcess {
  if (program === null) throw new Error('Prometheus and Alertmanager are not here: run `bash scripts/test-setup.sh`.');
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  endWithTests(child);
  return child;
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
