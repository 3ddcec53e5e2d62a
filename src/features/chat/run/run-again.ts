import type { Database, TenantTransaction } from '../../../platform/database/database.ts';
import type { Principal } from '../../identity/index.ts';
import { inTenant } from '../../tenancy/index.ts';
import { chatErrors } from '../chat.errors.ts';
import { assertOwnSession } from '../chat.policy.ts';
import { findMessage, findSession, type MessageRow } from '../session.store.ts';
import { readEvents } from './event.store.ts';
import type { RunEvent } from './event.ts';
import { historyLimit } from './model-context.ts';
import * as store from './run.store.ts';
import { assignRun, takeBackAfter } from './run-again.store.ts';
import type { RunEngine } from './run-engine.ts';
import { isTerminal } from './run-machine.ts';
import type { RunToSave } from './run-to-save.ts';
import { type GivenToolAnswer, readToolAnswers } from './tool-answer.store.ts';

type AgainDependencies = { database: Database; engine: RunEngine };

/**
 * Answers a message that is in its session already. What was said after it is taken back in the same transaction, and a
 * run that still answers is dropped.
 */
export async function answerAgain(
  { database, engine }: AgainDependencies,
  principal: Principal,
  messageId: string,
  { firstLine, ...run }: RunToSave,
): Promise<store.RunRow> {
  const { tenant } = principal;
  const { row, history, dropped } = await inTenant(database, tenant, async (trx) => {
    const message = await ownQuestion(trx, principal, run.sessionId, messageId);
    const takenBack = await takeBackAfter(trx, message);
    const insert = store.insertRun({ ...run, messages: [], title: null, firstEvent: firstLine.json });
    const { rows } = await trx.executeQuery(insert);
    await assignRun(trx, messageId, run.id);
    const newest = await trx.executeQuery(store.newestMessages(run.sessionId, historyLimit(run.request)));
    return { row: rows[0] as store.RunRow, history: newest.rows.toReversed(), dropped: takenBack };
  });
  await engine.drop(dropped);
  engine.begin(tenant, row, { holder: run.workerId, firstLine, history });
  return row;
}

async function ownQuestion(
  trx: TenantTransaction,
  principal: Principal,
  sessionId: string,
  messageId: string,
): Promise<MessageRow> {
  assertOwnSession(principal, await findSession(trx, sessionId));
  const message = await findMessage(trx, sessionId, messageId);
  if (!message) throw chatErrors.messageNotFound();
  if (message.role !== 'user') throw chatErrors.notAQuestion();
  return message;
}

/**
 * Ends what stands in the way of a new question: a run that waits for its client is cancelled, one that is being stopped
 * is waited for. False: a run still answers, and nobody has stopped it.
 */
export async function makeWay(
  { database, engine }: AgainDependencies,
  principal: Principal,
  sessionId: string,
  { cancel, signal }: { cancel(runId: string): Promise<unknown>; signal: AbortSignal },
): Promise<boolean> {
  const { tenant } = principal;
  const run = await inTenant(database, tenant, async (trx) => {
    assertOwnSession(principal, await findSession(trx, sessionId));
    const unfinished = await store.findUnfinishedRun(trx, sessionId);
    return unfinished && (await store.findRun(trx, unfinished.id));
  });
  if (!run || isTerminal(run.status)) return true;
  if (run.status === 'waiting') await cancel(run.id);
  else if (run.cancel_requested_at === null) return false;
  for await (const _ of engine.follow(tenant, run.id, run.last_seq, signal));
  return !signal.aborted;
}

export async function readLogWithAnswers(trx: TenantTransaction, runId: string): Promise<RunEvent[]> {
  const events: RunEvent[] = await readEvents(trx, runId, 0, Number.MAX_SAFE_INTEGER);
  const taken = new Set(
    events.flatMap((event) => ('tool_call_id' in event ? [`${event.type} ${event.tool_call_id}`] : [])),
  );
  const given = (await readToolAnswers(trx, runId)).map(answerEvent);
  return [...events, ...given.filter((event) => !taken.has(`${event.type} ${event.tool_call_id}`))];
}

function answerEvent({ toolCallId: tool_call_id, answer }: GivenToolAnswer) {
  return 'approved' in answer
    ? { type: 'tool-approval' as const, tool_call_id, ...answer }
    : { type: 'tool-result' as const, tool_call_id, ...answer };
}
