import { type SelectQueryBuilder, sql } from 'kysely';
import type { Db } from '../../../platform/database/database.ts';
import type { Schema } from '../../../platform/database/schema.ts';
import type { Entry } from './act.ts';

/** SQL of the audit log. */

export type EntryRow = Entry & { number: number; hash: Buffer };

const ENTRY = [
  'id',
  'tenant_id',
  'number',
  'act',
  'actor_kind',
  'actor_id',
  'api_key_id',
  'target_kind',
  'target_id',
  'address',
  'request_id',
  'details',
  'created_at',
  'hash',
] as const;

/** Appends an entry and moves the end of its chain, in one statement. Whoever appends to the same tenant's log waits for
 * the end of this transaction. `content` is what the hash is made of, behind the hash of the entry before. */
export async function appendEntry(db: Db, entry: Entry, content: string): Promise<void> {
  await db
    .with('head', (query) =>
      query
        .insertInto('platform.audit_chain')
        .values({
          tenant_id: entry.tenant_id,
          number: 1,
          hash: sql<Buffer>`sha256(convert_to(${content}::text, 'UTF8'))`,
        })
        .onConflict((conflict) =>
          conflict.column('tenant_id').doUpdateSet({
            number: sql<number>`audit_chain.number + 1`,
            hash: sql<Buffer>`sha256(audit_chain.hash || convert_to(${content}::text, 'UTF8'))`,
          }),
        )
        .returning(['number', 'hash']),
    )
    .insertInto('platform.audit_entry')
    .columns([...ENTRY])
    .expression((query) =>
      query
        .selectFrom('head')
        .select([
          sql<string>`${entry.id}::uuid`.as('id'),
          sql<string>`${entry.tenant_id}::uuid`.as('tenant_id'),
          'head.number',
          sql<string>`${entry.act}::text`.as('act'),
          sql<string>`${entry.actor_kind}::text`.as('actor_kind'),
          sql<string>`${entry.actor_id}::uuid`.as('actor_id'),
          sql<string>`${entry.api_key_id}::uuid`.as('api_key_id'),
          sql<string>`${entry.target_kind}::text`.as('target_kind'),
          sql<string>`${entry.target_id}::text`.as('target_id'),
          sql<string>`${entry.address}::text`.as('address'),
          sql<string>`${entry.request_id}::text`.as('request_id'),
          sql<string>`${JSON.stringify(entry.details)}::jsonb`.as('details'),
          sql<Date>`${entry.created_at}::timestamptz`.as('created_at'),
          'head.hash',
        ]),
    )
    .execute();
}

export type EntryFilter = {
  /** Null: of all tenants and of the installation. */
  tenantId: string | null;
  /** An act, or the part before its dot. */
  act?: string | undefined;
  actorId?: string | undefined;
  targetId?: string | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
};

/** Newest first, from before the entry `before`. */
export async function listEntries(
  db: Db,
  filter: EntryFilter,
  page: { before: string | null; count: number },
): Promise<EntryRow[]> {
  let found = filtered(db.selectFrom('platform.audit_entry'), filter);
  if (page.before !== null) found = found.where('id', '<', page.before);
  return found.select(ENTRY).orderBy('id', 'desc').limit(page.count).execute();
}

type Entries = SelectQueryBuilder<Schema, 'platform.audit_entry', object>;

function filtered(entries: Entries, { tenantId, act, actorId, targetId, from, to }: EntryFilter): Entries {
  let found = entries;
  if (tenantId !== null) found = found.where('tenant_id', '=', tenantId);
  if (act !== undefined) {
    found = found.where((where) => where.or([where('act', '=', act), where(sql`split_part(act, '.', 1)`, '=', act)]));
  }
  if (actorId !== undefined) found = found.where('actor_id', '=', actorId);
  if (targetId !== undefined) found = found.where('target_id', '=', targetId);
  if (from !== undefined) found = found.where('created_at', '>=', from);
  if (to !== undefined) found = found.where('created_at', '<', to);
  return found;
}

export type ChainRow = { tenant_id: string; number: number; hash: Buffer };

/** The end of one tenant's log, or of all. */
export async function listChains(db: Db, tenantId: string | null): Promise<ChainRow[]> {
  const found = db.selectFrom('platform.audit_chain').select(['tenant_id', 'number', 'hash']).orderBy('tenant_id');
  return (tenantId === null ? found : found.where('tenant_id', '=', tenantId)).execute();
}

/** A tenant's entries in their order, behind the number `after`. */
export async function readChain(db: Db, tenantId: string, after: number, count: number): Promise<EntryRow[]> {
  return db
    .selectFrom('platform.audit_entry')
    .select(ENTRY)
    .where('tenant_id', '=', tenantId)
    .where('number', '>', after)
    .orderBy('number')
    .limit(count)
    .execute();
}
