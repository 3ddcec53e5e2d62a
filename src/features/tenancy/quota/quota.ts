import type { PlatformTransaction, TenantTransaction } from '../../../platform/database/database.ts';
import type { TenantSettings } from '../settings/tenant-settings.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import type { Tenant } from '../tenant.ts';
import { type QuotaName, quotaSettings } from './quota.schema.ts';
import { lockQuota } from './quota.store.ts';

/** A tenant's quota; null: there is none. Read it before a transaction begins. */
export type QuotaOf = (tenant: Pick<Tenant, 'id'>, name: QuotaName) => Promise<Quota>;

export type Quota = { readonly tenantId: string; readonly name: QuotaName; readonly limit: number | null };

/** Where tenants have no quotas. */
export const noQuotas: QuotaOf = async ({ id: tenantId }, name) => ({ tenantId, name, limit: null });

export function createQuotaOf(settings: Pick<TenantSettings, 'read'>): QuotaOf {
  return async (tenant, name) => ({
    tenantId: tenant.id,
    name,
    limit: await settings.read(tenant, quotaSettings[name]),
  });
}

/**
 * Holds a tenant to a quota: what is added in this transaction fits, whatever others add at the same time. Costs nothing
 * where there is no quota. `count` tells what there is, `wanted` what is to come.
 * @throws ApiError ERR_TENANT_009 naming the quota
 */
export async function takeFromQuota(
  trx: PlatformTransaction | TenantTransaction,
  { tenantId, name, limit }: Quota,
  wanted: number,
  count: () => Promise<number>,
): Promise<void> {
  if (limit === null) return;
  await lockQuota(trx, tenantId, name);
  const used = await count();
  if (used + wanted <= limit) return;
  const detail = `This tenant may have ${limit} ${WORDS[name]} and has ${used}. An operator changes the setting quotas.${name}.`;
  throw tenancyErrors.quotaReached(detail, { extensions: { quota: { name, limit, used } } });
}

const WORDS: Record<QuotaName, string> = {
  documents: 'documents',
  storage_bytes: 'bytes of files',
  members: 'members',
  sessions: 'sessions',
  repositories: 'repositories',
  analyses: 'analyses',
};
