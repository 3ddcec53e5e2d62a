import { type RawBuilder, sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';

/** What a document must be to be searched. An empty filter matches every ready document, an empty list none. */
export type DocumentFilter = {
  documentIds?: readonly string[] | undefined;
  sourceIds?: readonly string[] | undefined;
  /** The document's metadata must contain this (JSON containment). */
  metadata?: Readonly<Record<string, unknown>> | undefined;
};

export function isEmptyFilter({ documentIds, sourceIds, metadata }: DocumentFilter): boolean {
  return documentIds === undefined && sourceIds === undefined && metadata === undefined;
}

/** The condition on table `document`: ready, and as the filter says. */
export function matchesFilter(filter: DocumentFilter): RawBuilder<boolean> {
  const conditions = [sql`document.status = 'ready'`];
  if (filter.documentIds) conditions.push(sql`document.id = ANY(${filter.documentIds}::uuid[])`);
  if (filter.sourceIds) conditions.push(sql`document.source_id = ANY(${filter.sourceIds}::uuid[])`);
  if (filter.metadata) conditions.push(sql`document.metadata @> ${JSON.stringify(filter.metadata)}::jsonb`);
  return sql<boolean>`(${sql.join(conditions, sql` AND `)})`;
}

/** Numbers of the chunks of matching documents, as ranges; null when more than `limit` documents match. */
export async function findChunkRanges(
  trx: TenantTransaction,
  filter: DocumentFilter,
  limit: number,
): Promise<{ low: number; high: number }[] | null> {
  const { rows } = await sql<{ low: number; high: number }>`
    SELECT first_chunk AS low, last_chunk AS high FROM document
    WHERE ${matchesFilter(filter)} AND first_chunk IS NOT NULL
    LIMIT ${limit + 1}`.execute(trx);
  return rows.length > limit ? null : rows;
}
