import type { TenantTransaction } from '../../../platform/database/database.ts';
import { newId } from '../../../platform/id.ts';
import type { TargetKind } from './forgetter.ts';

export type Tombstone = { id: string; kind: TargetKind; ids: string[]; created_at: Date };

/** Ids of one row, and so of one entry of the journal. */
const MOST_IDS = 1_000;

export async function insertTombstones(
  trx: TenantTransaction,
  { kind, ids, at }: { kind: TargetKind; ids: readonly string[]; at: Date },
): Promise<void> {
  for (let start = 0; start < ids.length; start += MOST_IDS) {
    const some = ids.slice(start, start + MOST_IDS);
    await trx
      .insertInto('tombstone')
      .values({ id: newId(), kind, ids: [...some], created_at: at })
      .execute();
  }
}

export async function findUnjournaled(trx: TenantTransaction, limit: number): Promise<Tombstone[]> {
  const rows = await trx
    .selectFrom('tombstone')
    .select(['id', 'kind', 'ids', 'created_at'])
    .where('journaled_at', 'is', null)
    .orderBy('created_at')
    .limit(limit)
    .execute();
  return rows as Tombstone[];
}

export async function markJournaled(trx: TenantTransaction, ids: readonly string[], at: Date): Promise<void> {
  await trx.updateTable('tombstone').set({ journaled_at: at }).where('id', 'in', ids).execute();
}

/** Whether this database knows of a deletion that the journal has. */
export async function hasTombstone(trx: TenantTransaction, id: string): Promise<boolean> {
  const row = await trx.selectFrom('tombstone').select('id').where('id', '=', id).executeTakeFirst();
  return row !== undefined;
}

export async function insertAppliedTombstone(trx: TenantTransaction, tombstone: Tombstone, at: Date): Promise<void> {
  const { id, kind, ids, created_at } = tombstone;
  await trx.insertInto('tombstone').values({ id, kind, ids, created_at, journaled_at: at }).execute();
}
