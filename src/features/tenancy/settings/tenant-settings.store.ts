import { sql } from 'kysely';
import type { Db, PlatformTransaction } from '../../../platform/database/database.ts';

/** SQL of tenants' settings. */

export const CHANNEL = 'parley_tenant_setting';

export type StoredSettings = Readonly<Record<string, unknown>>;

export async function readSettings(db: Db, tenantId: string): Promise<StoredSettings> {
  const rows = await db
    .selectFrom('platform.tenant_setting')
    .select(['key', 'value'])
    .where('tenant_id', '=', tenantId)
    .execute();
  return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
}

export async function saveSetting(
  trx: PlatformTransaction,
  setting: { tenantId: string; key: string; value: unknown; userId: string | null },
): Promise<void> {
  const { tenantId: tenant_id, key, userId: updated_by } = setting;
  const value = JSON.stringify(setting.value);
  await trx
    .insertInto('platform.tenant_setting')
    .values({ tenant_id, key, value, updated_by })
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'key']).doUpdateSet({ value, updated_by, updated_at: new Date() }),
    )
    .execute();
}

export async function deleteSetting(trx: PlatformTransaction, tenantId: string, key: string): Promise<void> {
  await trx.deleteFrom('platform.tenant_setting').where('tenant_id', '=', tenantId).where('key', '=', key).execute();
}

/** Told to every process, this one too, when the transaction commits. */
export async function announceChange(trx: PlatformTransaction, tenantId: string): Promise<void> {
  await sql`SELECT pg_notify(${CHANNEL}, ${tenantId})`.execute(trx);
}
