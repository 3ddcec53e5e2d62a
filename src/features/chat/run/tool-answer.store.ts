import { sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import { storableJson } from './event.ts';
import { RUN_COLUMNS, type RunRow } from './run.store.ts';

/** What a client answered: the output or the error of its own tool, or its word on a tool of this program. */
export type ToolAnswer = { output: unknown } | { error: string } | { approved: boolean; reason?: string };
export type GivenToolAnswer = { toolCallId: string; answer: ToolAnswer };

/** The run, held against every other change of it until the transaction ends. */
export async function lockRun(trx: TenantTransaction, id: string): Promise<RunRow | undefined> {
  return trx.selectFrom('run').select(RUN_COLUMNS).where('id', '=', id).forUpdate().executeTakeFirst() as Promise<
    RunRow | undefined
  >;
}

export async function readToolAnswers(trx: TenantTransaction, runId: string): Promise<GivenToolAnswer[]> {
  const rows = await trx
    .selectFrom('run_tool_answer')
    .select(['tool_call_id', 'answer'])
    .where('run_id', '=', runId)
    .orderBy('created_at')
    .execute();
  return rows.map(({ tool_call_id, answer }) => ({ toolCallId: tool_call_id, answer: answer as ToolAnswer }));
}

export async function insertToolAnswers(
  trx: TenantTransaction,
  runId: string,
  answers: readonly GivenToolAnswer[],
): Promise<void> {
  if (answers.length === 0) return;
  await trx
    .insertInto('run_tool_answer')
    .values(
      answers.map(({ toolCallId, answer }) => ({
        run_id: runId,
        tool_call_id: toolCallId,
        answer: storableJson(answer),
      })),
    )
    .execute();
}

const ALL_ANSWERED = sql<boolean>`NOT EXISTS (
  SELECT 1 FROM json_array_elements(run.waiting_for) AS call
  WHERE NOT EXISTS (
    SELECT 1 FROM run_tool_answer a WHERE a.run_id = run.id AND a.tool_call_id = call ->> 'id'))`;

/** Takes up a waiting run that has all its answers, or that somebody cancelled. Undefined: it still waits, or does no more. */
export async function claimAnswered(trx: TenantTransaction, runId: string, owner: string): Promise<RunRow | undefined> {
  const row = await trx
    .updateTable('run')
    .set((eb) => ({
      status: 'running' as const,
      attempt: eb('attempt', '+', 1),
      lease_owner: owner,
      waiting_for: null,
      wait_until: null,
    }))
    .where('id', '=', runId)
    .where('status', '=', 'waiting')
    .where((eb) => eb.or([eb('cancel_requested_at', 'is not', null), ALL_ANSWERED]))
    .returning(RUN_COLUMNS)
    .executeTakeFirst();
  return row as RunRow | undefined;
}

/** Takes up a waiting run whose time is over. `wait_until` stays: it says why. */
export async function claimExpired(trx: TenantTransaction, runId: string, owner: string): Promise<RunRow | undefined> {
  const row = await trx
    .updateTable('run')
    .set((eb) => ({
      status: 'running' as const,
      attempt: eb('attempt', '+', 1),
      lease_owner: owner,
      waiting_for: null,
    }))
    .where('id', '=', runId)
    .where('status', '=', 'waiting')
    .where('wait_until', '<=', sql<Date>`now()`)
    .returning(RUN_COLUMNS)
    .executeTakeFirst();
  return row as RunRow | undefined;
}
