import { asClient, startCluster } from '../../test/support/postgres/cluster.ts';
import { findPostgres } from '../../test/support/postgres/installation.ts';

/** A PostgreSQL server as in production: every commit reaches the disk. */
export async function startServerDatabase(): Promise<{ url: string; stop(): Promise<void> }> {
  const installation = await findPostgres();
  if (typeof installation === 'string') throw new Error(`${installation}; run scripts/test-setup.sh first.`);
  const cluster = await startCluster(installation, { fsync: 'on', full_page_writes: 'on', shared_buffers: '512MB' });
  await asClient(cluster.superuser, (client) => client.query('CREATE EXTENSION IF NOT EXISTS vector'));
  return { url: cluster.url, stop: cluster.stop };
}
