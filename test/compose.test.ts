import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverDatabase } from './support/databases/server-template.ts';
import { prepareTemplate } from './support/databases/template.ts';
import { type Cluster, startCluster } from './support/postgres/cluster.ts';
import { findPostgres, type PostgresInstallation } from './support/postgres/installation.ts';

const compose = await readFile(new URL('../compose.yaml', import.meta.url), 'utf8');
const installation = await findPostgres();

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
