import { sql } from 'kysely';
import type { TenantTransaction } from '../../platform/database/database.ts';
import type { RecalledItem } from './run/event.ts';

export type RunRecallRow = { run_id: string; items: RecalledItem[]; forgotten: string | null };

/** A run recalls before its model says the first word, so its event is among the first ones, also after takeovers. */
const LAST_SEQ_TO_LOOK_AT = 100;

/** What memory gave to the answers of a session, newest run first, from behind the run `before` on. */
export async function listRecalls(
  trx: TenantTransaction,
  sessionId: string,
  { before, limit }: { before: string | null; limit: number },
): Promise<RunRecallRow[]> {
  const { rows } = await sql<RunRecallRow>`
    SELECT run.id AS run_id, recall.event -> 'items' AS items, recall.event ->> 'forgotten' AS forgotten
    FROM run CROSS JOIN LATERAL (
      SELECT event FROM run_event, json_array_elements(run_event.events) AS event
      WHERE run_event.run_id = run.id AND run_event.first_seq <= ${LAST_SEQ_TO_LOOK_AT} AND event ->> 'type' = 'recall'
      LIMIT 1
    ) AS recall
    WHERE run.session_id = ${sessionId}::uuid AND (${before}::uuid IS NULL OR run.id < ${before}::uuid)
    ORDER BY run.id DESC
    LIMIT ${limit}`.execute(trx);
  return rows;
}
