import { sql } from 'kysely';
import type { TenantTransaction } from '../../platform/database/database.ts';

/**
 * The branches of a session. A message's `parent_id` says what it follows, `is_current` whether it is on the branch that is
 * shown. The flags decide: along the current branch messages are in the order of their time, and each follows the one
 * before it. Only what is done here takes a flag away.
 */

/** Nobody begins a run, adds messages or turns to another branch until the transaction ends: all of that touches the session. */
export async function lockSession(trx: TenantTransaction, sessionId: string): Promise<void> {
  await trx.selectFrom('session').select('id').where('id', '=', sessionId).forUpdate().execute();
  // What an older version of the program wrote while this one was rolled out has no links.
  await sql`
    WITH line AS (
      SELECT id, parent_id, lag(id) OVER (ORDER BY created_at, id) AS before
      FROM message WHERE session_id = ${sessionId}::uuid AND is_current
    )
    UPDATE message SET parent_id = line.before FROM line
    WHERE message.id = line.id AND line.before IS NOT NULL AND line.before IS DISTINCT FROM line.parent_id`.execute(
    trx,
  );
}

/** Makes the branch current that ends with this message; null: one that is still empty. */
export async function turnTo(trx: TenantTransaction, sessionId: string, endId: string | null): Promise<void> {
  await sql`
    WITH RECURSIVE branch AS (
      SELECT id, parent_id FROM message WHERE session_id = ${sessionId}::uuid AND id = ${endId}::uuid
      UNION
      SELECT message.id, message.parent_id FROM message JOIN branch ON message.id = branch.parent_id
      WHERE message.session_id = ${sessionId}::uuid
    )
    UPDATE message SET is_current = NOT is_current
    WHERE session_id = ${sessionId}::uuid AND is_current <> (id IN (SELECT id FROM branch))`.execute(trx);
}

/** The end of the branch through this message that was used last. */
export async function endBelow(trx: TenantTransaction, sessionId: string, id: string): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    WITH RECURSIVE below AS (
      SELECT id, created_at FROM message WHERE session_id = ${sessionId}::uuid AND id = ${id}::uuid
      UNION
      SELECT message.id, message.created_at FROM message JOIN below ON message.parent_id = below.id
      WHERE message.session_id = ${sessionId}::uuid
    )
    SELECT id FROM below ORDER BY created_at DESC, id DESC LIMIT 1`.execute(trx);
  return rows[0]?.id ?? id;
}

/** Before messages are deleted: what followed them follows what they followed, so that no branch is cut in two. */
export async function unlinkMessages(trx: TenantTransaction, sessionId: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  // Each gone message with the nearest one above it that stays.
  const kept = sql`
    RECURSIVE above AS (
      SELECT id AS gone, parent_id AS kept FROM message
      WHERE session_id = ${sessionId}::uuid AND id = ANY(${ids}::uuid[])
      UNION
      SELECT above.gone, message.parent_id FROM above JOIN message ON message.id = above.kept
      WHERE above.kept = ANY(${ids}::uuid[])
    ), heir AS (
      SELECT gone, kept FROM above WHERE kept IS NULL OR kept <> ALL(${ids}::uuid[])
    )`;
  await sql`
    WITH ${kept} UPDATE message SET parent_id = heir.kept FROM heir
    WHERE message.session_id = ${sessionId}::uuid AND message.parent_id = heir.gone AND message.id <> ALL(${ids}::uuid[])`.execute(
    trx,
  );
  await sql`
    WITH ${kept} UPDATE run SET parent_id = heir.kept FROM heir
    WHERE run.session_id = ${sessionId}::uuid AND run.parent_id = heir.gone`.execute(trx);
}
