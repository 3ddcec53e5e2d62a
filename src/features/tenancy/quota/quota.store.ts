import { sql } from 'kysely';
import type { PlatformTransaction, TenantTransaction } from '../../../platform/database/database.ts';
import type { QuotaName } from './quota.schema.ts';

/** Whoever takes from the same quota of the same tenant waits here for the end of the transaction. */
export async function lockQuota(
  trx: PlatformTransaction | TenantTransaction,
  tenantId: string,
  name: QuotaName,
): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`quota ${name} ${tenantId}`}, 0))`.execute(trx);
}
