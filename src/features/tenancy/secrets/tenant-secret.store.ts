import type { Db, PlatformTransaction } from '../../../platform/database/database.ts';

/** SQL of what tenants have given us sealed. */

export type SecretId = { tenantId: string; name: string };
export type SecretRow = { name: string; hint: string; created_at: Date; updated_at: Date };
export type SealedRow = { tenant_id: string; name: string; sealed: Buffer };

export async function saveSecret(
  trx: Db,
  secret: SecretId & { sealed: Buffer; hint: string; userId: string | null },
): Promise<void> {
  const { tenantId: tenant_id, name, sealed, hint, userId: updated_by } = secret;
  await trx
    .insertInto('platform.tenant_secret')
    .values({ tenant_id, name, sealed, hint, updated_by })
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'name']).doUpdateSet({ sealed, hint, updated_by, updated_at: new Date() }),
    )
    .execute();
}

export async function deleteSecret(trx: Db, { tenantId, name }: SecretId): Promise<boolean> {
  const { numDeletedRows } = await trx
    .deleteFrom('platform.tenant_secret')
    .where('tenant_id', '=', tenantId)
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

export async function findSealed(db: Db, { tenantId, name }: SecretId): Promise<Buffer | undefined> {
  const row = await db
    .selectFrom('platform.tenant_secret')
    .select('sealed')
    .where('tenant_id', '=', tenantId)
    .where('name', '=', name)
    .executeTakeFirst();
  return row?.sealed;
}

/** Those whose name begins so, in order of name. */
export async function listSecrets(db: Db, tenantId: string, prefix: string): Promise<SecretRow[]> {
  const rows = await db
    .selectFrom('platform.tenant_secret')
    .select(['name', 'hint', 'created_at', 'updated_at'])
    .where('tenant_id', '=', tenantId)
    .orderBy('name')
    .execute();
  return rows.filter(({ name }) => name.startsWith(prefix));
}

/** Some of them behind `after`, in order, locked until the transaction ends. */
export async function lockSealed(
  trx: PlatformTransaction,
  after: SecretId | null,
  limit: number,
): Promise<readonly SealedRow[]> {
  const rows = trx
    .selectFrom('platform.tenant_secret')
    .select(['tenant_id', 'name', 'sealed'])
    .orderBy('tenant_id')
    .orderBy('name')
    .limit(limit)
    .forUpdate();
  if (after === null) return rows.execute();
  return rows
    .where(({ eb, refTuple, tuple }) => eb(refTuple('tenant_id', 'name'), '>', tuple(after.tenantId, after.name)))
    .execute();
}

export async function replaceSealed(trx: PlatformTransaction, { tenantId, name }: SecretId, sealed: Buffer) {
  await trx
    .updateTable('platform.tenant_secret')
    .set({ sealed })
    .where('tenant_id', '=', tenantId)
    .where('name', '=', name)
    .execute();
}
