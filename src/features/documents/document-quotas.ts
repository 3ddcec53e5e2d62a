import type { TenantTransaction } from '../../platform/database/database.ts';
import { type Quota, type QuotaOf, type Tenant, takeFromQuota } from '../tenancy/index.ts';
import { countDocuments, insertReceivingDocument, type NewDocument, sumStoredBytes } from './documents.store.ts';

/** What a tenant may have of documents, read before a transaction. */
export type DocumentQuotas = { documents: Quota; storage: Quota };

export async function documentQuotasOf(quotaOf: QuotaOf, tenant: Tenant): Promise<DocumentQuotas> {
  const [documents, storage] = await Promise.all([quotaOf(tenant, 'documents'), quotaOf(tenant, 'storage_bytes')]);
  return { documents, storage };
}

/** A document whose original is still on its way. A new version takes the place of the old one, and is not counted beside
 * it. @throws ApiError ERR_TENANT_009 */
export async function beginDocument(
  trx: TenantTransaction,
  { documents }: DocumentQuotas,
  document: NewDocument,
): Promise<void> {
  if (document.replaces === null) await takeFromQuota(trx, documents, 1, () => countDocuments(trx));
  await insertReceivingDocument(trx, document);
}

/** @throws ApiError ERR_TENANT_009 */
export async function takeStorage(trx: TenantTransaction, storage: Quota, bytes: number): Promise<void> {
  await takeFromQuota(trx, storage, bytes, () => sumStoredBytes(trx));
}
