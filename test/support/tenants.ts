import type { Principal } from '../../src/features/identity/index.ts';
import { createTenant, type Tenant } from '../../src/features/tenancy/index.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { loadOwnMigrations } from '../../src/platform/database/migrations/installation.ts';
import { newId } from '../../src/platform/id.ts';

/** A tenant of a test's own, with all its tables. */
export async function makeTenant(database: Database, name = 'Acme'): Promise<Tenant> {
  const migrations = await loadOwnMigrations();
  const { id, slug } = await database.transaction((trx) => createTenant(trx, { name }, migrations));
  return { id, slug };
}

/** Somebody in a tenant. No such user is stored: features know principals, not users. */
export function principalIn(tenant: Tenant, more: Partial<Principal> = {}): Principal {
  return {
    userId: newId(),
    tenant,
    role: 'member',
    operator: false,
    via: 'access-token',
    apiKeyId: null,
    scopes: null,
    ...more,
  };
}
