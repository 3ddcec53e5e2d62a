import { CompiledQuery, sql } from 'kysely';
import { type Db, identifier, type PlatformTransaction } from '../../../platform/database/database.ts';
import type { TenantStatus } from '../../../platform/database/schema.ts';
import { schemaOf, type Tenant } from '../tenant.ts';

/** SQL of what is done to a whole tenant. */

export const TENANT_CHANNEL = 'parley_tenant';

const COLUMNS = ['id', 'slug', 'name', 'status', 'suspended_reason', 'migration_error', 'created_at'] as const;

export type TenantDetail = {
  id: string;
  slug: string;
  name: string;
  status: TenantStatus;
  suspended_reason: string | null;
  migration_error: string | null;
  created_at: Date;
};

export async function findTenant(db: Db, id: string): Promise<TenantDetail | undefined> {
  return db.selectFrom('platform.tenant').select(COLUMNS).where('id', '=', id).executeTakeFirst();
}

/** In order of id, which is the order of creation. One row more than `limit`, if there is one. */
export async function pageOfTenants(
  db: Db,
  page: { limit: number; after: string | null },
): Promise<readonly TenantDetail[]> {
  const found = db
    .selectFrom('platform.tenant')
    .select(COLUMNS)
    .orderBy('id')
    .limit(page.limit + 1);
  return (page.after === null ? found : found.where('id', '>', page.after)).execute();
}

export async function updateTenant(
  trx: PlatformTransaction,
  id: string,
  change: { name?: string; status?: TenantStatus; suspended_reason?: string | null },
): Promise<TenantDetail | undefined> {
  return trx
    .updateTable('platform.tenant')
    .set({ ...change, updated_at: new Date() })
    .where('id', '=', id)
    .returning(COLUMNS)
    .executeTakeFirst();
}

/** Makes the account of that address the tenant's owner. False where there is no such account. */
export async function insertOwner(trx: PlatformTransaction, tenantId: string, email: string): Promise<boolean> {
  const user = await trx.selectFrom('platform.user').select('id').where('email', '=', email).executeTakeFirst();
  if (!user) return false;
  const membership = { tenant_id: tenantId, user_id: user.id, role: 'owner' } as const;
  await trx.insertInto('platform.membership').values(membership).execute();
  return true;
}

export async function lockTenant(trx: PlatformTransaction, id: string): Promise<TenantDetail | undefined> {
  return trx.selectFrom('platform.tenant').select(COLUMNS).where('id', '=', id).forUpdate().executeTakeFirst();
}

export async function announceTenant(trx: PlatformTransaction, tenantId: string): Promise<void> {
  await sql`SELECT pg_notify(${TENANT_CHANNEL}, ${tenantId})`.execute(trx);
}

type Table = { schema: string; name: string };

/** The tenant's own tables, and those of the platform that speak of it by `tenant_id`. */
async function tablesOf(db: Db, tenant: Pick<Tenant, 'slug'>): Promise<readonly Table[]> {
  const { rows } = await sql<Table>`
    SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND (n.nspname = ${schemaOf(tenant)} OR n.nspname = 'platform' AND EXISTS (
      SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))
    ORDER BY 1, 2`.execute(db);
  return rows;
}

/** Rows of each table that are the tenant's. */
export async function countRows(db: Db, tenant: Tenant): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { schema, name } of await tablesOf(db, tenant)) {
    const own = schema !== 'platform';
    const text = `SELECT count(*)::int AS count FROM ${identifier(schema)}.${identifier(name)}`;
    const query = own ? CompiledQuery.raw(text) : CompiledQuery.raw(`${text} WHERE tenant_id = $1`, [tenant.id]);
    const { rows } = await db.executeQuery<{ count: number }>(query);
    counts[own ? name : `platform.${name}`] = rows[0]?.count ?? 0;
  }
  return counts;
}

/** Kept after a tenant is gone: the log of what was done, and receipts. */
const KEPT = new Set(['audit_entry', 'audit_chain', 'tenant_deletion']);

export function isKept(table: string): boolean {
  return KEPT.has(table.replace(/^platform\./, ''));
}

/** Removes the schema with all in it, what the platform has of the tenant, its waiting jobs and its row. What refers to a
 * table of those goes with it by its foreign key. */
export async function dropTenant(trx: PlatformTransaction, tenant: Tenant): Promise<void> {
  await trx.executeQuery(CompiledQuery.raw(`DROP SCHEMA ${identifier(schemaOf(tenant))} CASCADE`));
  await trx.executeQuery(
    CompiledQuery.raw(`DELETE FROM pgboss.job WHERE state IN ('created', 'retry') AND data -> 'tenant' ->> 'id' = $1`, [
      tenant.id,
    ]),
  );
  await trx.deleteFrom('platform.tenant').where('id', '=', tenant.id).execute();
  for (const { schema, name } of await tablesOf(trx, tenant)) {
    if (schema !== 'platform' || isKept(name)) continue;
    const text = `DELETE FROM platform.${identifier(name)} WHERE tenant_id = $1`;
    await trx.executeQuery(CompiledQuery.raw(text, [tenant.id]));
  }
}

/** A role belongs to the whole server, where another database may still use it: then it stays. */
export async function dropRole(db: Db, tenant: Pick<Tenant, 'slug'>): Promise<void> {
  await db.executeQuery(CompiledQuery.raw(`DROP ROLE IF EXISTS ${identifier(schemaOf(tenant))}`));
}

export async function saveReceipt(
  trx: PlatformTransaction,
  saved: { tenantId: string; slug: string; receipt: unknown; signature: string },
): Promise<void> {
  const { tenantId: tenant_id, slug, signature } = saved;
  await trx
    .insertInto('platform.tenant_deletion')
    .values({ tenant_id, slug, receipt: JSON.stringify(saved.receipt), signature })
    .execute();
}

export async function findReceipt(
  db: Db,
  tenantId: string,
): Promise<{ receipt: unknown; signature: string } | undefined> {
  return db
    .selectFrom('platform.tenant_deletion')
    .select(['receipt', 'signature'])
    .where('tenant_id', '=', tenantId)
    .executeTakeFirst();
}
