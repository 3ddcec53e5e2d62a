import pg from 'pg';
import type { Database } from '../../../src/platform/database/database.ts';
import { openServerDatabase } from '../../../src/platform/database/server-database.ts';
import { asClient, type Cluster, startCluster } from '../postgres/cluster.ts';
import type { PostgresInstallation } from '../postgres/installation.ts';
import { prepareTemplate } from './template.ts';

export type ServerTemplate = {
  /** A role that may create databases. */
  readonly admin: string;
  /** A prepared database to clone; nobody is connected to it. */
  readonly template: string;
  /** Stops the cluster, or removes this run's databases from a server that is not ours. */
  remove(): Promise<void>;
};

/** On a cluster of this run's own. */
export async function templateOnCluster(installation: PostgresInstallation, prefix: string): Promise<ServerTemplate> {
  const cluster = await startCluster(installation);
  const template = await createTemplate(cluster.url, prefix, (name) => installVector(cluster, name));
  return { admin: cluster.url, template, remove: () => cluster.stop() };
}

/** On a server that was given by TEST_DATABASE_URL. */
export async function templateOnServer(admin: string, prefix: string): Promise<ServerTemplate> {
  const template = await createTemplate(admin, prefix, async () => undefined);
  return { admin, template, remove: () => dropDatabases(admin, prefix) };
}

/** The address of another database on the same server. */
export function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

/** A few connections to any server database. */
export function serverDatabase(url: string): Database {
  return openServerDatabase({
    url,
    poolSize: 2,
    poolTimeout: 10_000,
    statementTimeout: 60_000,
    prepareStatements: true,
    applicationName: 'parley-test-template',
    onError: (error) => {
      throw error;
    },
  });
}

async function createTemplate(
  admin: string,
  prefix: string,
  onCreated: (name: string) => Promise<void>,
): Promise<string> {
  const name = `${prefix}template`;
  await asClient(admin, (client) => client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`));
  await onCreated(name);
  const database = serverDatabase(withDatabase(admin, name));
  await prepareTemplate(database).finally(() => database.close());
  return name;
}

/** As an operator would: pgvector is not among the extensions that a database's owner may install. */
async function installVector(cluster: Cluster, database: string): Promise<void> {
  await asClient({ ...cluster.superuser, database }, (client) => client.query('CREATE EXTENSION vector SCHEMA public'));
}

async function dropDatabases(admin: string, prefix: string): Promise<void> {
  await asClient(admin, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      'SELECT datname FROM pg_database WHERE starts_with(datname, $1)',
      [prefix],
    );
    for (const { datname } of rows) await client.query(`DROP DATABASE ${pg.escapeIdentifier(datname)} WITH (FORCE)`);
  });
}
