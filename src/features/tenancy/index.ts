export { createIdempotency, type Idempotency } from './idempotency/idempotency.ts';
export {
  createTenant,
  findTenantBySlug,
  inTenant,
  listTenants,
  migrateTenants,
  queryTenant,
  readTenantStates,
  type TenantMigration,
} from './tenancy.service.ts';
export type { TenantRow } from './tenancy.store.ts';
export { isSlug, migrationTargetOf, schemaOf, slugFrom, type Tenant } from './tenant.ts';
