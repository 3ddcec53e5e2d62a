import { asClient, startCluster } from '../../test/support/postgres/cluster.ts';
import { findPostgres } from '../../test/support/postgres/installation.ts';

const DATABASE = 'parley_bench';

/** A PostgreSQL server as in production: every commit reaches the disk, and the database's owner is no superuser. */
export async function startServerDatabase(): Promise<{ url: string; stop(): Promise<void> }> {
  const installation = await findPostgres();
  if (typeof installation === 'string') throw new Error(`${installation}; run scripts/test-setup.sh first.`);
  const cluster = await startCluster(installation, { fsync: 'on', full_page_writes: 'on', shared_buffers: '512MB' });
  await asClient(cluster.url, (client) => client.query(`CREATE DATABASE ${DATABASE}`));
  await asClient({ ...cluster.superuser, database: DATABASE }, (client) => client.query('CREATE EXTENSION vector'));
  const url = new URL(cluster.url);
  url.pathname = `/${DATABASE}`;
  return { url: url.href, stop: cluster.stop };
}
