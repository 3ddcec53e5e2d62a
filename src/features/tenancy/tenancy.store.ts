import { CompiledQuery } from 'kysely';
import {
  type Db,
  identifier,
  leaveSchema,
  type PlatformTransaction,
  runScript,
} from '../../platform/database/database.ts';
import type { Migration } from '../../platform/database/migrations/migration.ts';
import { migrateWithin } from '../../platform/database/migrations/migrator.ts';
import type { TenantStatus } from '../../platform/database/schema.ts';
import { migrationTargetOf, schemaOf, type Tenant } from './tenant.ts';

export type TenantRow = Tenant & {
  name: string;
  status: TenantStatus;
  migration_error: string | null;
  created_at: Date;
};

const COLUMNS = ['id', 'slug', 'name', 'status', 'migration_error', 'created_at'] as const;

export async function insertTenant(trx: PlatformTransaction, tenant: Tenant & { name: string }): Promise<TenantRow> {
  return trx.insertInto('platform.tenant').values(tenant).returning(COLUMNS).executeTakeFirstOrThrow();
}

export async function slugExists(trx: PlatformTransaction, slug: string): Promise<boolean> {
  const row = await trx.selectFrom('platform.tenant').select('id').where('slug', '=', slug).executeTakeFirst();
  return row !== undefined;
}

export async function findTenantBySlug(db: Db, slug: string): Promise<TenantRow | undefined> {
  return db.selectFrom('platform.tenant').select(COLUMNS).where('slug', '=', slug).executeTakeFirst();
}

export async function findTenantById(db: Db, id: string): Promise<TenantRow | undefined> {
  return db.selectFrom('platform.tenant').select(COLUMNS).where('id', '=', id).executeTakeFirst();
}

export async function listTenants(db: Db): Promise<TenantRow[]> {
  return db.selectFrom('platform.tenant').select(COLUMNS).orderBy('slug').execute();
}

export async function setMigrationError(db: Db, slug: string, error: string | null): Promise<void> {
  await db
    .updateTable('platform.tenant')
    .set({ migration_error: error, updated_at: new Date() })
    .where('slug', '=', slug)
    .execute();
}

/** When a tenant had a migration; null where it has not. */
export async function findAppliedAt(db: Db, tenant: Pick<Tenant, 'slug'>, migrationId: string): Promise<Date | null> {
  const table = `${identifier(schemaOf(tenant))}.schema_migration`;
  const { rows } = await db.executeQuery<{ applied_at: Date }>(
    CompiledQuery.raw(`SELECT applied_at FROM ${table} WHERE id = $1`, [migrationId]),
  );
  return rows[0]?.applied_at ?? null;
}

/** A role that cannot log in, and a schema that it owns, with every tenant table. All in the caller's transaction. */
export async function createTenantSchema(
  trx: PlatformTransaction,
  tenant: Tenant,
  migrations: readonly Migration[],
): Promise<void> {
  const name = identifier(schemaOf(tenant));
  // Roles belong to the whole cluster: one of this name may be left over from another database on the same server.
  await trx.executeQuery(
    CompiledQuery.raw(
      `DO $$ BEGIN CREATE ROLE ${name} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
    ),
  );
  await trx.executeQuery(CompiledQuery.raw(`GRANT ${name} TO CURRENT_USER`));
  await trx.executeQuery(CompiledQuery.raw(`CREATE SCHEMA ${name} AUTHORIZATION ${name}`));
  await migrateWithin(trx, migrationTargetOf(tenant), migrations);
  await runScript(trx, leaveSchema);
}
