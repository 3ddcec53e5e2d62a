import { sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import type { MessageRow } from '../session.store.ts';

/** Takes back all that was said in a session after a message, with the runs that said it. Returns the runs' ids. */
export async function takeBackAfter(trx: TenantTransaction, message: MessageRow): Promise<string[]> {
  const { session_id: sessionId, created_at: createdAt, id } = message;
  // Nobody begins a run meanwhile: that touches the session, too.
  await trx.selectFrom('session').select('id').where('id', '=', sessionId).forUpdate().execute();
  await trx
    .deleteFrom('message')
    .where('session_id', '=', sessionId)
    .where(sql<boolean>`(created_at, id) > (${createdAt}, ${id})`)
    .execute();
  const runs = await trx
    .deleteFrom('run')
    .where('session_id', '=', sessionId)
    .where((eb) =>
      eb.or([
        eb('id', '=', message.run_id),
        eb('status', 'not in', ['completed', 'failed', 'cancelled']),
        eb.not(eb.exists(eb.selectFrom('message').select('message.id').whereRef('message.run_id', '=', 'run.id'))),
      ]),
    )
    .returning('id')
    .execute();
  return runs.map((run) => run.id);
}

/** The run that answers a message now. */
export async function assignRun(trx: TenantTransaction, messageId: string, runId: string): Promise<void> {
  await trx.updateTable('message').set({ run_id: runId }).where('id', '=', messageId).execute();
}
