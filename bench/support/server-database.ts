import type { Database } from '../../src/platform/database/database.ts';
import { openDatabase } from '../../src/platform/database/open-database.ts';
import { asClient, startCluster } from '../../test/support/postgres/cluster.ts';
import { findPostgres } from '../../test/support/postgres/installation.ts';

const DATABASE = 'parley_bench';

/** A PostgreSQL server as in production: every commit reaches the disk, and the database's owner is no superuser. */
export async function startServerDatabase(): Promise<{
  url: string;
  checkpoint(): Promise<void>;
  stop(): Promise<void>;
}> {
  const installation = await findPostgres();
  if (typeof installation === 'string') throw new Error(`${installation}; run scripts/test-setup.sh first.`);
  const cluster = await startCluster(installation, { fsync: 'on', full_page_writes: 'on', shared_buffers: '512MB' });
  await asClient(cluster.url, (client) => client.query(`CREATE DATABASE ${DATABASE}`));
  const asSuperuser = async (statement: string) => {
    await asClient({ ...cluster.superuser, database: DATABASE }, (client) => client.query(statement));
  };
  await asSuperuser('CREATE EXTENSION vector');
  const url = new URL(cluster.url);
  url.pathname = `/${DATABASE}`;
  return { url: url.href, checkpoint: () => asSuperuser('CHECKPOINT'), stop: cluster.stop };
}

export type BenchDatabase = {
  database: Database;
  /** Null for the embedded one. */
  url: string | null;
  /** What a fill left to be written is on the disk then, and not written while others measure. Nothing, when embedded. */
  checkpoint(): Promise<void>;
  close(): Promise<void>;
};

/** A database to use from this process, gone when it is closed. */
export async function openBenchDatabase(kind: Database['kind']): Promise<BenchDatabase> {
  const options = {
    poolSize: 4,
    poolTimeout: 30_000,
    statementTimeout: 60_000,
    prepareStatements: true,
    applicationName: 'parley-bench',
  };
  const onError = (error: Error) => console.error(error.message);
  const server = kind === 'server' ? await startServerDatabase() : null;
  const url = server?.url ?? null;
  const database = await openDatabase({ ...options, url, embeddedFolder: null, onError });
  const close = async () => {
    await database.close();
    await server?.stop();
  };
  const checkpoint = server?.checkpoint ?? (() => Promise.resolve());
  return { database, url, checkpoint, close };
}
