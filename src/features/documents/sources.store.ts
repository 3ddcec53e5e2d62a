import { type ExpressionBuilder, sql } from 'kysely';
import type { TenantTransaction } from '../../platform/database/database.ts';
import type { DocumentStatus, SourceKind } from '../../platform/database/schema/document-tables.ts';
import type { Schema } from '../../platform/database/schema.ts';

export type SourceRow = {
  id: string;
  kind: SourceKind;
  name: string;
  location: string;
  created_by: string | null;
  synchronized_at: Date | null;
  created_at: Date;
  updated_at: Date;
  document_count: number;
};

const COLUMNS = [
  'source.id',
  'source.kind',
  'source.name',
  'source.location',
  'source.created_by',
  'source.synchronized_at',
  'source.created_at',
  'source.updated_at',
] as const;

const GONE = ['receiving', 'deleting'] as const;

/** The source of that place, made when there is none. */
export async function ensureSource(
  trx: TenantTransaction,
  source: { id: string; kind: SourceKind; name: string; location: string; createdBy: string | null },
): Promise<string> {
  const { id } = await trx
    .insertInto('source')
    .values({
      id: source.id,
      kind: source.kind,
      name: source.name,
      location: source.location,
      created_by: source.createdBy,
    })
    .onConflict((conflict) =>
      conflict.constraint('source_location_unique').doUpdateSet({ name: source.name, updated_at: new Date() }),
    )
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

export async function findSource(trx: TenantTransaction, id: string): Promise<SourceRow | undefined> {
  return trx
    .selectFrom('source')
    .select(COLUMNS)
    .select((eb) => documentCount(eb).as('document_count'))
    .where('id', '=', id)
    .executeTakeFirst();
}

/** Newest first, from behind `before` on. */
export async function listSources(
  trx: TenantTransaction,
  page: { limit: number; before: { createdAt: Date; id: string } | null },
): Promise<SourceRow[]> {
  const { before } = page;
  return trx
    .selectFrom('source')
    .select(COLUMNS)
    .select((eb) => documentCount(eb).as('document_count'))
    .$if(before !== null, (query) =>
      query.where(sql<boolean>`(created_at, id) < (${before?.createdAt ?? null}, ${before?.id ?? null})`),
    )
    .orderBy('source.created_at', 'desc')
    .orderBy('source.id', 'desc')
    .limit(page.limit)
    .execute();
}

export async function setSynchronized(trx: TenantTransaction, id: string, at: Date): Promise<void> {
  await trx.updateTable('source').set({ synchronized_at: at, updated_at: at }).where('id', '=', id).execute();
}

export type SourceDocument = {
  id: string;
  path: string;
  content_hash: string;
  status: DocumentStatus;
  error: { code: string; detail: string } | null;
  created_at: Date;
};

/** What a source's documents are now, also those that wait to be ingested. */
export async function listSourceDocuments(trx: TenantTransaction, sourceId: string): Promise<SourceDocument[]> {
  const rows = await trx
    .selectFrom('document')
    .select(['id', 'path', 'content_hash', 'status', 'error', 'created_at'])
    .where('source_id', '=', sourceId)
    .where('status', 'not in', GONE)
    .execute();
  return rows.flatMap(({ path, ...row }) => (path === null ? [] : [{ ...row, path }]));
}

/** Cuts the source's documents loose, and removes it. Returns their ids. */
export async function deleteSource(trx: TenantTransaction, id: string): Promise<string[]> {
  const documents = await trx
    .updateTable('document')
    .set({ source_id: null })
    .where('source_id', '=', id)
    .returning('id')
    .execute();
  await trx.deleteFrom('source').where('id', '=', id).execute();
  return documents.map((document) => document.id);
}

function documentCount(eb: ExpressionBuilder<Schema, 'source'>) {
  return eb
    .selectFrom('document')
    .whereRef('document.source_id', '=', 'source.id')
    .where('document.status', 'not in', GONE)
    .select((count) => count.fn.countAll<number>().as('count'))
    .$asScalar()
    .$notNull();
}
