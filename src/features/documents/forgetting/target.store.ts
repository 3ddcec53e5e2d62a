import { sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import type { Target } from '../../tenancy/index.ts';

export type DocumentCounts = { documents: number; document_files: number; chunks: number; document_vectors: number };

/** Documents that are not being deleted already, with their files' parts, chunks, and vectors that no other chunk has. */
export async function countDocuments(trx: TenantTransaction, ids: readonly string[]): Promise<DocumentCounts> {
  const { rows } = await sql<DocumentCounts>`
    WITH meant AS (SELECT id FROM document WHERE id = ANY(${ids}::uuid[]) AND status <> 'deleting')
    SELECT (SELECT count(*) FROM meant) AS documents,
      (SELECT count(*) FROM document_file WHERE document_id IN (SELECT id FROM meant)) AS document_files,
      (SELECT count(*) FROM chunk WHERE document_id IN (SELECT id FROM meant)) AS chunks,
      (SELECT count(*) FROM embedding
        WHERE content_hash IN (SELECT content_hash FROM chunk WHERE document_id IN (SELECT id FROM meant))
          AND NOT EXISTS (SELECT FROM chunk WHERE chunk.content_hash = embedding.content_hash
            AND chunk.document_id NOT IN (SELECT id FROM meant))) AS document_vectors`.execute(trx);
  const [row] = rows;
  return {
    documents: Number(row?.documents ?? 0),
    document_files: Number(row?.document_files ?? 0),
    chunks: Number(row?.chunks ?? 0),
    document_vectors: Number(row?.document_vectors ?? 0),
  };
}

/** Attachments that go with no session: a user's own that were never sent, or those that are named. */
function attachmentsOf({ kind, ids }: Target) {
  if (kind === 'attachment') return sql<boolean>`id = ANY(${ids}::uuid[])`;
  return kind === 'user' ? sql<boolean>`user_id = ANY(${ids}::uuid[]) AND session_id IS NULL` : null;
}

export async function countAttachmentsOf(trx: TenantTransaction, target: Target): Promise<number> {
  const found = attachmentsOf(target);
  if (!found) return 0;
  const { rows } = await sql<{ count: number }>`SELECT count(*) AS count FROM attachment WHERE ${found}`.execute(trx);
  return Number(rows[0]?.count ?? 0);
}

export async function deleteAttachmentsOf(trx: TenantTransaction, target: Target, limit: number): Promise<number> {
  const found = attachmentsOf(target);
  if (!found) return 0;
  const { numAffectedRows } = await sql`
    DELETE FROM attachment WHERE id IN (SELECT id FROM attachment WHERE ${found} LIMIT ${limit})`.execute(trx);
  return Number(numAffectedRows ?? 0);
}
