import { pino } from 'pino';
import { createDocuments, type Documents } from '../../src/features/documents/index.ts';
import type { Principal } from '../../src/features/identity/index.ts';
import { createTenant, type Tenant } from '../../src/features/tenancy/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { loadOwnMigrations, migratePlatform } from '../../src/platform/database/migrations/installation.ts';
import { newId } from '../../src/platform/id.ts';
import { createQueue } from '../../src/platform/queue/queue.ts';
import { createMetrics } from '../../src/platform/telemetry/metrics.ts';
import { forgettingOn } from '../../test/support/forgetting.ts';
import { unmetered } from '../../test/support/unmetered.ts';

const STOP_TIMEOUT_MS = 5_000;

/** The documents feature on a database, with a tenant of its own; nobody takes its jobs. */
export async function prepareDocuments(
  database: Database,
  name: string,
): Promise<{ documents: Documents; principal: Principal; stop(): Promise<void> }> {
  const migrations = await loadOwnMigrations();
  await migratePlatform(database, migrations);
  const { id, slug } = await database.transaction((trx) => createTenant(trx, { name }, migrations));
  const onError = (error: Error) => {
    throw error;
  };
  const queue = createQueue(database, { onError, onWarning: () => undefined });
  const forgetting = forgettingOn(database, queue, () => [documents.forgetter]);
  const documents: Documents = createDocuments({
    database,
    queue,
    forgetting,
    embedder: null,
    meter: unmetered,
    log: pino({ level: 'warn' }),
    metrics: createMetrics(),
    clock: systemClock,
    ingestionConcurrency: 1,
    uploadLimit: 50 * 1024 * 1024,
  });
  await queue.start([...documents.jobs, ...forgetting.jobs], { work: false });
  const stop = async () => {
    await queue.stop(STOP_TIMEOUT_MS);
    documents.close();
  };
  return { documents, principal: ownerOf({ id, slug }), stop };
}

function ownerOf(tenant: Tenant): Principal {
  return {
    userId: newId(),
    tenant,
    role: 'owner',
    operator: false,
    via: 'access-token',
    apiKeyId: null,
    scopes: null,
  };
}

/** As autovacuum does on a server, and the idle timer on the embedded database. */
export async function vacuum(database: Database, { slug }: Tenant): Promise<void> {
  for (const table of ['posting', 'chunk', 'document', 'embedding']) {
    await database.execute(`VACUUM ANALYZE "tenant_${slug}".${table}`);
  }
}
