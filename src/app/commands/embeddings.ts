import { listTenants, type Tenant } from '../../features/tenancy/index.ts';
import { ApiError } from '../../platform/http/errors.ts';
import { loadConfig } from '../config.ts';
import { CommandError } from '../failures.ts';
import { prepareDatabase } from '../installation.ts';
import { openCommandLog, openServices } from '../open.ts';
import type { Services } from '../services.ts';

/** `parley embeddings …`: for the operator at the machine. The embedded database must not be served meanwhile. */

export async function runEmbeddingsStatus({ tenant }: { tenant?: string }): Promise<void> {
  await forTenants(tenant, async ({ embeddings }, one) => {
    for (const state of await embeddings.states(one)) {
      const { area, embedder, total, embedded, missing, refused, error } = state;
      const counts = `${embedded} of ${total} texts, ${missing} missing, ${refused} refused`;
      say([one.slug, area, embedder, state.state, counts, error?.detail ?? ''].join('\t').trimEnd());
    }
  });
}

export async function runEmbeddingsServe(embedder: string, { tenant }: { tenant?: string }): Promise<void> {
  await forTenants(tenant, async ({ embeddings }, one) => {
    await embeddings.serve(one, embedder);
    say(`${one.slug}: searches use ${embedder}.`);
  });
}

async function forTenants(
  slug: string | undefined,
  work: (services: Services, tenant: Tenant) => Promise<void>,
): Promise<void> {
  const services = await openServices(await loadConfig(), openCommandLog());
  try {
    await prepareDatabase(services);
    await services.embeddings.load();
    const all = await listTenants(services.database.db);
    const tenants = all.filter((tenant) => slug === undefined || tenant.slug === slug);
    if (tenants.length === 0) throw new CommandError(`There is no tenant "${slug}"; parley tenant list names them.`, 1);
    for (const { id, slug: name } of tenants) await work(services, { id, slug: name });
  } catch (error) {
    throw error instanceof ApiError ? new CommandError(error.message, 1) : error;
  } finally {
    await services.documents.close();
    await services.database.close();
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
