import { CompiledQuery, sql } from 'kysely';
import type { Db, TenantTransaction } from '../../../platform/database/database.ts';
import type { Tenant } from '../tenant.ts';
import type { Counts, TargetKind } from './forgetter.ts';
import type { ForgettingReceipt } from './forgetting-receipt.ts';

export type ForgettingRow = {
  id: string;
  kind: TargetKind;
  target: string;
  requested_by: string | null;
  status: 'running' | 'completed';
  planned: Counts;
  done: Counts;
  memory_ids: string[];
  receipt: ForgettingReceipt | null;
  signature: string | null;
  created_at: Date;
  ended_at: Date | null;
};

const COLUMNS = [
  'id',
  'kind',
  'target',
  'requested_by',
  'status',
  'planned',
  'done',
  'memory_ids',
  'receipt',
  'signature',
  'created_at',
  'ended_at',
] as const;

export async function insertForgetting(
  trx: TenantTransaction,
  begun: { id: string; kind: TargetKind; target: string; by: string | null; planned: Counts; at: Date },
): Promise<void> {
  const { id, kind, target, by, planned, at } = begun;
  await trx
    .insertInto('forgetting')
    .values({
      id,
      kind,
      target,
      requested_by: by,
      status: 'running',
      planned: JSON.stringify(planned),
      done: '{}',
      memory_ids: [],
      created_at: at,
    })
    .execute();
}

export async function findForgetting(trx: TenantTransaction, id: string): Promise<ForgettingRow | undefined> {
  const row = await trx.selectFrom('forgetting').select(COLUMNS).where('id', '=', id).executeTakeFirst();
  return row as ForgettingRow | undefined;
}

/** Its row, kept from other workers until the transaction ends; undefined when it is done. */
export async function lockRunning(trx: TenantTransaction, id: string): Promise<ForgettingRow | undefined> {
  const row = await trx
    .selectFrom('forgetting')
    .select(COLUMNS)
    .where('id', '=', id)
    .where('status', '=', 'running')
    .forUpdate()
    .executeTakeFirst();
  return row as ForgettingRow | undefined;
}

export async function listRunning(trx: TenantTransaction, limit: number): Promise<ForgettingRow[]> {
  const rows = await trx
    .selectFrom('forgetting')
    .select(COLUMNS)
    .where('status', '=', 'running')
    .orderBy('created_at')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows as ForgettingRow[];
}

/** What one user asked for, newest first, from behind `before` on. */
export async function listForgettings(
  trx: TenantTransaction,
  page: { requestedBy: string; limit: number; before: string | null },
): Promise<ForgettingRow[]> {
  const { requestedBy, limit, before } = page;
  const rows = await trx
    .selectFrom('forgetting')
    .select(COLUMNS)
    .where('requested_by', '=', requestedBy)
    .$if(before !== null, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows as ForgettingRow[];
}

export async function saveStep(
  trx: TenantTransaction,
  id: string,
  step: { done: Counts; memoryIds: readonly string[] },
): Promise<void> {
  await sql`
    UPDATE forgetting SET done = ${JSON.stringify(step.done)}::jsonb, memory_ids = memory_ids || ${step.memoryIds}::text[]
    WHERE id = ${id}`.execute(trx);
}

export async function complete(
  trx: TenantTransaction,
  id: string,
  end: { done: Counts; receipt: ForgettingReceipt; signature: string; at: Date },
): Promise<void> {
  await trx
    .updateTable('forgetting')
    .set({
      status: 'completed',
      done: JSON.stringify(end.done),
      memory_ids: [],
      receipt: JSON.stringify(end.receipt),
      signature: end.signature,
      ended_at: end.at,
    })
    .where('id', '=', id)
    .execute();
}

/** Jobs of a tenant, waiting or done, that name one of these ids. Returns how many were deleted. */
export async function deleteJobsOf(db: Db, tenant: Pick<Tenant, 'id'>, ids: readonly string[]): Promise<number> {
  const { numAffectedRows } = await db.executeQuery(
    CompiledQuery.raw(
      `DELETE FROM pgboss.job WHERE state <> 'active' AND data -> 'tenant' ->> 'id' = $1
         AND EXISTS (SELECT FROM unnest($2::text[]) AS named (id) WHERE strpos(data::text, named.id) > 0)`,
      [tenant.id, ids],
    ),
  );
  return Number(numAffectedRows ?? 0);
}

export const FORGOTTEN_CHANNEL = 'parley_forgotten';

/** Tells every process that what it keeps in memory of this tenant may be of what is gone. */
export async function announceForgotten(db: Db, tenantId: string): Promise<void> {
  await sql`SELECT pg_notify(${FORGOTTEN_CHANNEL}, ${tenantId})`.execute(db);
}

/** Archives of a tenant that were begun before then. */
export async function deleteExportsBefore(db: Db, tenantId: string, before: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('platform.tenant_export')
    .where('tenant_id', '=', tenantId)
    .where('created_at', '<=', before)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
