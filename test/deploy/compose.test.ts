import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { settings } from '../../src/app/settings.ts';
import { serverDatabase } from '../support/databases/server-template.ts';
import { prepareTemplate } from '../support/databases/template.ts';
import { type Cluster, startCluster } from '../support/postgres/cluster.ts';
import { findPostgres, type PostgresInstallation } from '../support/postgres/installation.ts';

const compose = await readFile(new URL('../../compose.yaml', import.meta.url), 'utf8');
const whole = parse(await readFile(new URL('../../deploy/compose.yaml', import.meta.url), 'utf8'), {
  merge: true,
}) as WholeCompose;
const installation = await findPostgres();

type Service = {
  environment?: Record<string, string>;
  secrets?: string[];
  ports?: string[];
  read_only?: boolean;
  cap_drop?: string[];
  deploy?: { replicas: number; resources: Record<'limits' | 'reservations', { cpus: string; memory: string }> };
};
type WholeCompose = { services: Record<string, Service>; secrets: Record<string, { file: string }> };

test('compose.yaml has no secret, and no default for one', () => {
  const variables = [...compose.matchAll(/\$\{(\w+)(.*?)\}/g)].map(([, name, rest]) => ({ name, rest }));
  const secrets = variables.filter(({ name }) => name?.includes('PASSWORD'));
  expect(secrets.map(({ name }) => name)).toEqual([
    'POSTGRES_SUPERUSER_PASSWORD',
    'POSTGRES_PASSWORD',
    'REDIS_PASSWORD',
  ]);
  for (const { rest } of secrets) expect(rest).toMatch(/^:\?set /);
});

test('compose.yaml opens its ports to this machine only', () => {
  const ports = [...compose.matchAll(/^ {6}- (.*:\d+)$/gm)].map(([, port]) => port);
  expect(ports).toHaveLength(2);
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
});

describe('deploy/compose.yaml', () => {
  const { server, worker, migrate, caddy, ...databases } = whole.services;
  const ours = [server, worker, migrate] as Service[];

  test('takes every secret from a file, none from the environment of a container', () => {
    for (const { file } of Object.values(whole.secrets)) expect(file).toMatch(/^\.\/secrets\//);
    for (const { environment = {}, secrets = [] } of Object.values(whole.services)) {
      for (const name of secrets) expect(whole.secrets).toHaveProperty(name);
      for (const [name, value] of Object.entries(environment)) {
        if (/PASSWORD|SECRET|_URL/.test(name)) expect(`${name}=${value}`).toMatch(/_FILE=\/run\/secrets\//);
      }
    }
  });

  test('gives the program settings that it has', () => {
    const known: string[] = Object.values(settings).flatMap(({ env }) => [env, `${env}_FILE`]);
    const given = ours.flatMap(({ environment = {} }) => Object.keys(environment));
    expect(given.filter((name) => !known.includes(name))).toEqual([]);
  });

  test('runs four servers and a worker, read-only, within 2 processors and 2 GB', () => {
    expect(server?.deploy?.replicas).toBe(4);
    for (const { read_only, cap_drop } of ours)
      expect({ read_only, cap_drop }).toEqual({ read_only: true, cap_drop: ['ALL'] });
    for (const service of [server, worker]) {
      expect(service?.deploy?.resources).toEqual({
        limits: { cpus: '2', memory: '2g' },
        reservations: { cpus: '1', memory: '1g' },
      });
    }
  });

  test('opens no port but those of the proxy', () => {
    for (const { ports } of [...ours, ...Object.values(databases)]) expect(ports).toBeUndefined();
    expect(caddy?.ports).toEqual(['80:80', '443:443', '443:443/udp']);
  });
});

describe.skipIf(typeof installation === 'string')('the database that compose.yaml makes', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster(installation as PostgresInstallation);
  });
  afterAll(() => cluster.stop());

  test('can be installed by Parley’s role, with a password of any characters', async () => {
    const password = `it's "$HOME" \\ 100%`;
    await promisify(execFile)('bash', ['-e', '-c', scriptOf(compose)], {
      env: {
        PATH: `${(installation as PostgresInstallation).bin}:${process.env.PATH}`,
        PGHOST: cluster.folder,
        PGPORT: String(cluster.superuser.port),
        PARLEY_PASSWORD: password,
      },
    });
    const url = `postgres://parley_app:${encodeURIComponent(password)}@127.0.0.1:${cluster.superuser.port}/parley`;
    const database = serverDatabase(url);
    await prepareTemplate(database).finally(() => database.close());
  });
});

/** The script as the container gets it: compose writes a dollar as two, and the role of the test cluster has its name. */
function scriptOf(yaml: string): string {
  const [, script = ''] = /^ {4}content: \|\n((?: {6}.*\n)+)/m.exec(yaml) ?? [];
  return script
    .replace(/^ {6}/gm, '')
    .replaceAll('$$', '$')
    .replace('ROLE parley ', 'ROLE parley_app ')
    .replace('OWNER parley', 'OWNER parley_app');
}
