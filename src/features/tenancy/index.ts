export {
  type Act,
  type ActDetails,
  type ActingPrincipal,
  type Actor,
  ANONYMOUS,
  actBy,
  type Origin,
  SYSTEM,
} from './audit/act.ts';
export { auditRoutes } from './audit/audit.routes.ts';
export { listAudit, recordAct } from './audit/audit.service.ts';
export {
  type Counts,
  conversationId,
  conversationOf,
  type Forgetter,
  type ForgettingPrincipal,
  type ForgottenTarget,
  subjectId,
  subjectOf,
  type Target,
  type TargetKind,
} from './forgetting/forgetter.ts';
export { forgettingRoutes } from './forgetting/forgetting.routes.ts';
export { createForgetting, type Forgetting } from './forgetting/forgetting.ts';
export { isGenuineReceipt } from './forgetting/forgetting-receipt.ts';
export type { AppliedJournal, JournalScope } from './forgetting/journal.ts';
export { gathered } from './gather.ts';
export { createIdempotency, type Idempotency } from './idempotency/idempotency.ts';
export { createTenantLifecycle, type TenantLifecycle } from './lifecycle/tenant-lifecycle.ts';
export { createProviderKeys, type ProviderKeys } from './provider-key/provider-key.service.ts';
export { createQuotaOf, noQuotas, type Quota, type QuotaOf, takeFromQuota } from './quota/quota.ts';
export { createTenantSecrets, type TenantSecrets } from './secrets/tenant-secrets.ts';
export { defineTenantSettings, type TenantSetting } from './settings/tenant-setting.schema.ts';
export { createTenantSettings, type TenantSettings } from './settings/tenant-settings.ts';
export { tenancyRoutes } from './tenancy.routes.ts';
export {
  createTenant,
  createTenantSchema,
  findTenantById,
  findTenantBySlug,
  inTenant,
  listServedTenants,
  listTenants,
  queryTenant,
} from './tenancy.service.ts';
export { limitSettings } from './tenancy.settings.schema.ts';
export type { TenantRow } from './tenancy.store.ts';
export type { Tenancy } from './tenancy.ts';
export { isSlug, migrationTargetOf, schemaOf, slugFrom, type Tenant } from './tenant.ts';
export {
  findLateTenants,
  migrateTenants,
  readTenantStates,
  type TenantMigration,
  takeBackTenants,
} from './tenant-migrations.ts';
export { ArchiveError, readArchive, writeArchive } from './transfer/archive.ts';
export { createTenantExports, type TenantExports } from './transfer/tenant-exports.ts';
