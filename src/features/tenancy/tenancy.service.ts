import type {
  CompiledQuery,
  Database,
  PlatformTransaction,
  TenantTransaction,
} from '../../platform/database/database.ts';
import type { Migration } from '../../platform/database/migrations/migration.ts';
import { newId } from '../../platform/id.ts';
import * as store from './tenancy.store.ts';
import { schemaOf, slugFrom, type Tenant } from './tenant.ts';

/**
 * The only source of a tenant's handle: a transaction under the tenant's own role, in the tenant's own schema.
 * Postgres refuses every other tenant's and every platform table in it.
 */
export function inTenant<T>(
  database: Database,
  tenant: Tenant,
  work: (trx: TenantTransaction) => Promise<T>,
): Promise<T> {
  return database.scoped(schemaOf(tenant), work);
}

/** As `inTenant` for statements that do not need each other's answers, in one round trip. The rows of each, in order. */
export function queryTenant<Rows extends readonly unknown[]>(
  database: Database,
  tenant: Tenant,
  ...queries: { readonly [Index in keyof Rows]: CompiledQuery<Rows[Index]> }
): Promise<{ [Index in keyof Rows]: Rows[Index][] }> {
  return database.scopedQueries<Rows>(schemaOf(tenant), queries);
}

/** Creates a tenant with its role, schema and tables in the caller's transaction. `name` also gives the slug, with a
 * number behind it when the slug is taken. */
export async function createTenant(
  trx: PlatformTransaction,
  input: { name: string; slug?: string },
  migrations: readonly Migration[],
): Promise<store.TenantRow> {
  const slug = input.slug ?? (await freeSlug(trx, slugFrom(input.name)));
  const tenant = await store.insertTenant(trx, { id: newId(), slug, name: input.name });
  await store.createTenantSchema(trx, tenant, migrations);
  return tenant;
}

const RANDOM_SUFFIX_LENGTH = 6;

async function freeSlug(trx: PlatformTransaction, wanted: string): Promise<string> {
  if (!(await store.slugExists(trx, wanted))) return wanted;
  // Random, not counted: two registrations at the same time would count to the same number.
  return `${wanted}-${newId().replaceAll('-', '').slice(-RANDOM_SUFFIX_LENGTH)}`;
}

export const createTenantSchema = store.createTenantSchema;
export const findTenantById = store.findTenantById;
export const findTenantBySlug = store.findTenantBySlug;
export const listTenants = store.listTenants;

/** Tenants that are in service: active, and migrated without a fault. */
export async function listServedTenants(database: Database): Promise<Tenant[]> {
  const tenants = await store.listTenants(database.db);
  return tenants
    .filter(({ status, migration_error }) => status === 'active' && migration_error === null)
    .map(({ id, slug }) => ({ id, slug }));
}
