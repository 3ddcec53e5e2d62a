import type { Database, TenantTransaction } from '../../../platform/database/database.ts';
import { ApiError } from '../../../platform/http/errors.ts';
import type { Principal } from '../../identity/index.ts';
import { inTenant, type Tenant } from '../../tenancy/index.ts';
import { chatErrors } from '../chat.errors.ts';
import { assertOwnSession } from '../chat.policy.ts';
import type { RunView } from '../chat.schema.ts';
import { findSession } from '../session.store.ts';
import { readEvents } from './event.store.ts';
import type { RunEvent } from './event.ts';
import * as store from './run.store.ts';
import type { RunEngine } from './run-engine.ts';
import { isTerminal } from './run-machine.ts';
import { type GivenToolAnswer, readToolAnswers } from './tool-answer.store.ts';

type AgainDependencies = { database: Database; engine: RunEngine };

const RUN_ACTIVE = chatErrors.runActive().definition.code;
/** How long a new question waits for an answer that is being stopped, ms. */
const STOPPING_MS = 5_000;

/** Whether a run that somebody has stopped came to its end, for which it waits: whoever stops and asks on gets an answer. */
export async function hasStopped(
  engine: RunEngine,
  tenant: Tenant,
  { id, cancel_requested_at, last_seq }: store.UnfinishedRun,
): Promise<boolean> {
  if (cancel_requested_at === null) return false;
  const patience = AbortSignal.timeout(STOPPING_MS);
  for await (const _ of engine.follow(tenant, id, last_seq, patience));
  return !patience.aborted;
}

/** The refusal while another run answers. One whose worker is gone is taken up meanwhile. */
export async function runIsActive(
  engine: RunEngine,
  tenant: Tenant,
  { id, lease_owner: owner, waiting_for: calls }: store.UnfinishedRun,
): Promise<Error> {
  if (owner) await engine.rescue(tenant, id, owner);
  return chatErrors.runActive(calls ? waits(calls) : undefined, { extensions: { run_id: id } });
}

const MOST_NAMED = 3;

/** It goes on by no time that passes: says what it waits for, and where that is given. */
function waits(calls: readonly store.AwaitedCall[]): string {
  const named = calls.slice(0, MOST_NAMED).map(({ id, name, needs }) => `${name} (${id}, ${needs})`);
  const more = calls.length > MOST_NAMED ? ` and ${calls.length - MOST_NAMED} more` : '';
  const places = new Set(calls.map(({ needs }) => (needs === 'output' ? 'tool-outputs' : 'tool-approvals')));
  const where = [...places].map((place) => `POST /v1/runs/{id}/${place}`).join(' and ');
  return `The session's run waits for its tool calls: ${named.join(', ')}${more}. Answer them by ${where}, or ask with cancel_active.`;
}

/**
 * Ends what stands in the way of a new question: a run that waits for its client is cancelled, with `stop` any; one that is
 * being stopped is waited for. False: a run still answers, and nobody has stopped it.
 */
export async function makeWay(
  { database, engine }: AgainDependencies,
  principal: Principal,
  sessionId: string,
  { cancel, stop, signal }: { cancel(runId: string): Promise<unknown>; stop: boolean; signal: AbortSignal },
): Promise<boolean> {
  const { tenant } = principal;
  const run = await inTenant(database, tenant, async (trx) => {
    assertOwnSession(principal, await findSession(trx, sessionId));
    const unfinished = await store.findUnfinishedRun(trx, sessionId);
    return unfinished && (await store.findRun(trx, unfinished.id));
  });
  if (!run || isTerminal(run.status)) return true;
  if (run.status === 'waiting' || stop) await cancel(run.id);
  else if (run.cancel_requested_at === null) return false;
  for await (const _ of engine.follow(tenant, run.id, run.last_seq, signal));
  return !signal.aborted;
}

/** Begins a run; with `cancel`, an unfinished one of the session is cancelled first and its end is waited for.
 * @throws ApiError ERR_CHAT_005 where another one is there still */
export async function cancelling(
  deps: AgainDependencies,
  principal: Principal,
  sessionId: string,
  { begin, cancel }: { begin(): Promise<RunView>; cancel: ((runId: string) => Promise<unknown>) | null },
): Promise<RunView> {
  if (cancel === null) return begin();
  try {
    return await begin();
  } catch (error) {
    if (!(error instanceof ApiError && error.definition.code === RUN_ACTIVE)) throw error;
    const patience = AbortSignal.timeout(STOPPING_MS);
    if (!(await makeWay(deps, principal, sessionId, { cancel, stop: true, signal: patience }))) throw error;
    return begin();
  }
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
