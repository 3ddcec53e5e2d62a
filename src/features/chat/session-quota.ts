import type { TenantTransaction } from '../../platform/database/database.ts';
import { type Quota, takeFromQuota } from '../tenancy/index.ts';
import { countAllSessions } from './session.store.ts';

/** Before a session is made, in its transaction. @throws ApiError ERR_TENANT_009 */
export async function takeSession(trx: TenantTransaction, quota: Quota): Promise<void> {
  await takeFromQuota(trx, quota, 1, () => countAllSessions(trx));
}
