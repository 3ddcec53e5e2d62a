import type { TenantTransaction } from '../../../platform/database/database.ts';

/** An upload that has not ended after this time never will: its process died. */
const UPLOAD_EXPIRY_MS = 3_600_000;

/** Documents of which nothing is to be left. */
export async function findDeletable(trx: TenantTransaction, now: Date, limit: number): Promise<string[]> {
  const rows = await trx
    .selectFrom('document')
    .select('id')
    .where((eb) =>
      eb.or([
        eb('status', '=', 'deleting'),
        eb.and([eb('status', '=', 'receiving'), eb('updated_at', '<', new Date(now.getTime() - UPLOAD_EXPIRY_MS))]),
      ]),
    )
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

export async function deleteDocument(trx: TenantTransaction, id: string): Promise<void> {
  await trx.deleteFrom('document').where('id', '=', id).where('status', 'in', ['deleting', 'receiving']).execute();
}

/** Keeps other workers off a document that is being removed; false when it is gone already. */
export async function lockDeletable(trx: TenantTransaction, id: string): Promise<boolean> {
  const row = await trx
    .selectFrom('document')
    .select('id')
    .where('id', '=', id)
    .where('status', 'in', ['deleting', 'receiving'])
    .forUpdate()
    .executeTakeFirst();
  return row !== undefined;
}
