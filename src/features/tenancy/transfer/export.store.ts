import { sql } from 'kysely';
import type { Db, PlatformTransaction } from '../../../platform/database/database.ts';
import type { TenantExportStatus } from '../../../platform/database/schema/tenancy-tables.ts';

/** SQL of exports and of the archives that they made. */

const COLUMNS = [
  'id',
  'tenant_id',
  'status',
  'progress',
  'size_bytes',
  'checksum',
  'error',
  'expires_at',
  'created_at',
] as const;

export type ExportRow = {
  id: string;
  tenant_id: string;
  status: TenantExportStatus;
  progress: number;
  size_bytes: number | null;
  checksum: string | null;
  error: string | null;
  expires_at: Date;
  created_at: Date;
};

export async function insertExport(
  trx: PlatformTransaction,
  made: { id: string; tenantId: string; userId: string; expiresAt: Date },
): Promise<ExportRow> {
  return trx
    .insertInto('platform.tenant_export')
    .values({ id: made.id, tenant_id: made.tenantId, created_by: made.userId, expires_at: made.expiresAt })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
}

export async function findExport(db: Db, tenantId: string, id: string, now: Date): Promise<ExportRow | undefined> {
  return db
    .selectFrom('platform.tenant_export')
    .select(COLUMNS)
    .where('id', '=', id)
    .where('tenant_id', '=', tenantId)
    .where('expires_at', '>', now)
    .executeTakeFirst();
}

/** The newest 100. */
export async function listExports(db: Db, tenantId: string, now: Date): Promise<ExportRow[]> {
  return db
    .selectFrom('platform.tenant_export')
    .select(COLUMNS)
    .where('tenant_id', '=', tenantId)
    .where('expires_at', '>', now)
    .orderBy('id', 'desc')
    .limit(100)
    .execute();
}

type ExportChange = Partial<Pick<ExportRow, 'status' | 'progress' | 'size_bytes' | 'checksum' | 'error'>>;

export async function updateExport(db: Db, id: string, change: ExportChange): Promise<void> {
  await db
    .updateTable('platform.tenant_export')
    .set({ ...change, updated_at: new Date() })
    .where('id', '=', id)
    .execute();
}

export async function deleteParts(db: Db, exportId: string): Promise<void> {
  await db.deleteFrom('platform.tenant_export_part').where('export_id', '=', exportId).execute();
}

export async function savePart(db: Db, exportId: string, number: number, bytes: Buffer): Promise<void> {
  await db.insertInto('platform.tenant_export_part').values({ export_id: exportId, number, bytes }).execute();
}

export async function findPart(db: Db, exportId: string, number: number): Promise<Buffer | undefined> {
  const row = await db
    .selectFrom('platform.tenant_export_part')
    .select('bytes')
    .where('export_id', '=', exportId)
    .where('number', '=', number)
    .executeTakeFirst();
  return row?.bytes;
}

export async function deleteExpired(db: Db, now: Date): Promise<void> {
  await sql`DELETE FROM platform.tenant_export WHERE expires_at <= ${now}`.execute(db);
}
