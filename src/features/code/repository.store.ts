import { sql } from 'kysely';
import type { TenantTransaction } from '../../platform/database/database.ts';
import { type Before, isBehind } from '../../platform/database/newest-first.ts';
import type { RepositoryKind } from '../../platform/database/schema/code-tables.ts';

const COLUMNS = [
  'id',
  'name',
  'description',
  'kind',
  'location',
  'branch',
  'has_token',
  'size_bytes',
  'created_by',
  'created_at',
  'updated_at',
] as const;

export type RepositoryRow = {
  id: string;
  name: string;
  description: string | null;
  kind: RepositoryKind;
  location: string;
  branch: string | null;
  has_token: boolean;
  size_bytes: number;
  created_by: string | null;
  created_at: Date;
  updated_at: Date;
};

export type NewRepository = Pick<
  RepositoryRow,
  'id' | 'name' | 'description' | 'kind' | 'location' | 'branch' | 'has_token' | 'created_by'
> & { status: 'receiving' | 'ready' };

export async function insertRepository(trx: TenantTransaction, repository: NewRepository): Promise<RepositoryRow> {
  return trx.insertInto('repository').values(repository).returning(COLUMNS).executeTakeFirstOrThrow();
}

/** The archive is complete: the repository becomes visible. */
export async function finishReceiving(
  trx: TenantTransaction,
  id: string,
  change: Pick<RepositoryRow, 'size_bytes' | 'name' | 'description'>,
): Promise<RepositoryRow> {
  return trx
    .updateTable('repository')
    .set({ ...change, status: 'ready', updated_at: new Date() })
    .where('id', '=', id)
    .where('status', '=', 'receiving')
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
}

/** Those whose archive never came whole. */
export async function deleteAbandoned(trx: TenantTransaction, before: Date): Promise<void> {
  await trx.deleteFrom('repository').where('status', '=', 'receiving').where('created_at', '<', before).execute();
}

/** Those on their way count. */
export async function countRepositories(trx: TenantTransaction): Promise<number> {
  const row = await trx
    .selectFrom('repository')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export async function findRepository(trx: TenantTransaction, id: string): Promise<RepositoryRow | undefined> {
  return trx
    .selectFrom('repository')
    .select(COLUMNS)
    .where('id', '=', id)
    .where('status', '=', 'ready')
    .executeTakeFirst();
}

/** Newest first, from behind `before` on. */
export async function listRepositories(
  trx: TenantTransaction,
  { limit, before }: { limit: number; before: Before | null },
): Promise<RepositoryRow[]> {
  return trx
    .selectFrom('repository')
    .select(COLUMNS)
    .where('status', '=', 'ready')
    .where(isBehind(before))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}

export async function updateRepository(
  trx: TenantTransaction,
  id: string,
  change: Partial<Pick<RepositoryRow, 'name' | 'description' | 'branch' | 'has_token'>>,
): Promise<RepositoryRow> {
  return trx
    .updateTable('repository')
    .set({ ...change, updated_at: new Date() })
    .where('id', '=', id)
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
}

/** With its archive, analyses, findings and what was said of them. Returns how many there were. */
export async function deleteRepositories(trx: TenantTransaction, ids: readonly string[]): Promise<number> {
  const { numDeletedRows } = await trx
    .deleteFrom('repository')
    .where(sql<boolean>`id = ANY(${ids}::uuid[])`)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

export async function countThese(trx: TenantTransaction, ids: readonly string[]): Promise<number> {
  const row = await trx
    .selectFrom('repository')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where(sql<boolean>`id = ANY(${ids}::uuid[])`)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export async function insertPart(trx: TenantTransaction, id: string, part: number, bytes: Buffer): Promise<void> {
  await trx.insertInto('repository_file').values({ repository_id: id, part, bytes }).execute();
}

export async function findPart(trx: TenantTransaction, id: string, part: number): Promise<Buffer | undefined> {
  const row = await trx
    .selectFrom('repository_file')
    .select('bytes')
    .where('repository_id', '=', id)
    .where('part', '=', part)
    .executeTakeFirst();
  return row?.bytes;
}
