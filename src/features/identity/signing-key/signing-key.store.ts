import { sql } from 'kysely';
import type { Db, PlatformTransaction } from '../../../platform/database/database.ts';

/** SQL of the keys that sign access tokens. */

export type SigningKeyRow = {
  id: string;
  algorithm: 'EdDSA' | 'ES256';
  public_jwk: Record<string, unknown>;
  private_key: Buffer;
  created_at: Date;
  retires_at: Date | null;
};

/** Newest first. */
export async function listSigningKeys(db: Db): Promise<SigningKeyRow[]> {
  return db
    .selectFrom('platform.signing_key')
    .select(['id', 'algorithm', 'public_jwk', 'private_key', 'created_at', 'retires_at'])
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute();
}

/** Others who would make a key wait until the transaction ends. */
export async function lockSigningKeys(trx: PlatformTransaction): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended('parley.signing-key', 0))`.execute(trx);
}

export async function insertSigningKey(
  trx: PlatformTransaction,
  key: Omit<SigningKeyRow, 'retires_at'>,
): Promise<void> {
  await trx
    .insertInto('platform.signing_key')
    .values({ ...key, public_jwk: JSON.stringify(key.public_jwk) })
    .execute();
}

/** Every key but the one retires at that time, if it would not earlier. */
export async function retireOthers(trx: PlatformTransaction, keptId: string, at: Date): Promise<void> {
  await trx
    .updateTable('platform.signing_key')
    .set({ retires_at: at })
    .where('id', '<>', keptId)
    .where((where) => where.or([where('retires_at', 'is', null), where('retires_at', '>', at)]))
    .execute();
}

export async function deleteRetired(trx: PlatformTransaction, before: Date): Promise<void> {
  await trx.deleteFrom('platform.signing_key').where('retires_at', '<', before).execute();
}

export async function replaceSealed(db: Db, id: string, privateKey: Buffer): Promise<void> {
  await db.updateTable('platform.signing_key').set({ private_key: privateKey }).where('id', '=', id).execute();
}
