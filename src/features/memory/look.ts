import type { Database, TenantTransaction } from '../../platform/database/database.ts';
import type { JobDefinition } from '../../platform/queue/queue.ts';
import type { Logger } from '../../platform/telemetry/log.ts';
import { inTenant, type Tenant } from '../tenancy/index.ts';
import { hasUnembedded } from './embedding/vector.store.ts';
import { hasReadings } from './facts/reading/reading.store.ts';

export type LookDependencies = {
  database: Database;
  log: Logger;
  /** Every tenant that is served. */
  listTenants(): Promise<readonly Tenant[]>;
  /** Whether runs have ended that nobody has looked at. */
  hasEnded(trx: TenantTransaction): Promise<boolean>;
  /** Null where search is by words only: then nothing waits for a vector. */
  embedderId(tenant: Tenant): string | null;
  wake: Record<'runs' | 'embedding' | 'reading', (tenant: Tenant) => void>;
};

export type Look = {
  /** Wakes whatever a tenant has that waits: runs to remember, memories to embed, messages to read facts from. */
  look(signal: AbortSignal): Promise<void>;
  /** Looks once, behind the back of a program that starts. */
  begin(): void;
  readonly jobs: readonly JobDefinition<never>[];
};

const EVERY_HOUR = '17 * * * *';

/**
 * Rows say what is to be done; the calls to look may be lost with the process that made them. So each program looks when it
 * starts, and one of them every hour.
 */
export function createLook(deps: LookDependencies): Look {
  const { database, log, wake } = deps;

  async function lookAt(tenant: Tenant): Promise<void> {
    const embedder = deps.embedderId(tenant);
    const left = await inTenant(database, tenant, async (trx) => ({
      runs: await deps.hasEnded(trx),
      embedding: embedder !== null && (await hasUnembedded(trx, embedder)),
      reading: await hasReadings(trx),
    }));
    for (const what of ['runs', 'embedding', 'reading'] as const) if (left[what]) wake[what](tenant);
  }

  async function look(signal: AbortSignal): Promise<void> {
    for (const tenant of await deps.listTenants()) {
      signal.throwIfAborted();
      // One tenant's trouble is no reason to let the others wait.
      await lookAt(tenant).catch((error: unknown) =>
        log.warn({ err: error, tenant: tenant.slug }, 'what waits to be remembered could not be looked for'),
      );
    }
  }

  const job: JobDefinition<Record<string, never>> = {
    name: 'memory.look',
    retryLimit: 1,
    expireInSeconds: 1_800,
    concurrency: 1,
    schedule: EVERY_HOUR,
    handle: (_payload, { signal }) => look(signal),
  };

  return {
    look,
    begin: () => {
      look(new AbortController().signal).catch((error: unknown) =>
        log.warn({ err: error }, 'what waits to be remembered could not be looked for'),
      );
    },
    jobs: [job],
  };
}
