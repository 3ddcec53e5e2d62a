import { sql } from 'kysely';
import type { PlatformTransaction } from '../../../platform/database/database.ts';

/** SQL of tenants' own keys of providers; the keys themselves are among the tenants' secrets. */

export const CHANNEL = 'parley_provider_key';

/** Told to every process, this one too, when the transaction commits. */
export async function announceKeys(trx: PlatformTransaction, tenantId: string): Promise<void> {
  await sql`SELECT pg_notify(${CHANNEL}, ${tenantId})`.execute(trx);
}
