import { sql } from 'kysely';
import type { Db, PlatformTransaction, TenantTransaction } from '../../platform/database/database.ts';
import type { EmbeddedAreaName } from './embedded-area.ts';

export const EMBEDDING_CHANNEL = 'parley_embedding';

export type ServingRow = {
  tenant_id: string;
  area: EmbeddedAreaName;
  serving: string;
  previous: string | null;
  pinned: boolean;
  switched_at: Date;
};

const SERVING = ['tenant_id', 'area', 'serving', 'previous', 'pinned', 'switched_at'] as const;

/** Every choice that differs from the configured order; few. */
export async function listServing(db: Db): Promise<ServingRow[]> {
  return db.selectFrom('platform.embedding_index').select(SERVING).execute();
}

export async function findServing(db: Db, tenantId: string, area: EmbeddedAreaName): Promise<ServingRow | undefined> {
  return db
    .selectFrom('platform.embedding_index')
    .select(SERVING)
    .where('tenant_id', '=', tenantId)
    .where('area', '=', area)
    .executeTakeFirst();
}

/** The switch: with this row all searches that begin use other vectors. Every process is told when it commits. */
export async function setServing(trx: PlatformTransaction, row: ServingRow): Promise<void> {
  const { tenant_id, area, ...values } = row;
  await trx
    .insertInto('platform.embedding_index')
    .values(row)
    .onConflict((conflict) => conflict.columns(['tenant_id', 'area']).doUpdateSet(values))
    .execute();
  await sql`SELECT pg_notify(${EMBEDDING_CHANNEL}, ${tenant_id})`.execute(trx);
}

export type BackfillRow = {
  area: EmbeddedAreaName;
  embedder: string;
  faults: number;
  error: { code: string; detail: string } | null;
  completed_at: Date | null;
  updated_at: Date;
};

export async function listBackfills(db: Db, tenantId: string): Promise<BackfillRow[]> {
  return db
    .selectFrom('platform.embedding_backfill')
    .select(['area', 'embedder', 'faults', 'error', 'completed_at', 'updated_at'])
    .where('tenant_id', '=', tenantId)
    .execute();
}

/** Notes how it goes: a fault, or null after vectors were stored. Does nothing for a tenant that is gone. */
export async function noteBackfill(
  db: Db,
  of: { tenantId: string; area: EmbeddedAreaName; embedder: string },
  state: { error: { code: string; detail: string } | null; completed: boolean; at: Date },
): Promise<void> {
  const error = state.error && JSON.stringify(state.error);
  const completedAt = state.completed ? state.at : null;
  await sql`
    INSERT INTO platform.embedding_backfill AS known (tenant_id, area, embedder, faults, error, completed_at, updated_at)
    SELECT id, ${of.area}, ${of.embedder}, ${state.error ? 1 : 0}::integer, ${error}::jsonb, ${completedAt}::timestamptz,
      ${state.at}::timestamptz
    FROM platform.tenant WHERE id = ${of.tenantId}
    ON CONFLICT (tenant_id, area, embedder) DO UPDATE SET
      faults = CASE WHEN excluded.error IS NULL THEN 0 ELSE least(known.faults + 1, 1000) END,
      error = excluded.error, completed_at = excluded.completed_at, updated_at = excluded.updated_at`.execute(db);
}

export async function noteRefusals(
  trx: TenantTransaction,
  area: EmbeddedAreaName,
  embedder: string,
  contentHashes: readonly Buffer[],
): Promise<void> {
  await trx
    .insertInto('embedding_refusal')
    .values(contentHashes.map((content_hash) => ({ area, embedder, content_hash })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Forgets refusals, so that the texts are tried once more. */
export async function forgetRefusals(trx: TenantTransaction, area: EmbeddedAreaName, embedder: string): Promise<void> {
  await trx.deleteFrom('embedding_refusal').where('area', '=', area).where('embedder', '=', embedder).execute();
}

export async function countRefusals(trx: TenantTransaction, area: EmbeddedAreaName, embedder: string): Promise<number> {
  const { count } = await trx
    .selectFrom('embedding_refusal')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('area', '=', area)
    .where('embedder', '=', embedder)
    .executeTakeFirstOrThrow();
  return Number(count);
}
