import type { Database, TenantTransaction } from '../../../platform/database/database.ts';
import type { Principal } from '../../identity/index.ts';
import { inTenant } from '../../tenancy/index.ts';
import { chatErrors } from '../chat.errors.ts';
import { assertOwnRun } from '../chat.policy.ts';
import type { RunView } from '../chat.schema.ts';
import { Answer, type LoggedCall } from './answer.ts';
import { readEvents } from './event.store.ts';
import type { RunRow } from './run.store.ts';
import type { RunEngine } from './run-engine.ts';
import { isTerminal } from './run-machine.ts';
import { runView } from './run-view.ts';
import {
  claimAnswered,
  type GivenToolAnswer,
  insertToolAnswers,
  lockRun,
  readToolAnswers,
  type ToolAnswer,
} from './tool-answer.store.ts';

/** Of a client's own tool: its output, or why it failed. */
export type NewToolOutput = { tool_call_id: string; output?: unknown; error?: string };
/** A person's word on a tool of this program. */
export type NewToolDecision = { tool_call_id: string; approved: boolean; reason?: string };

/** What clients answer to the tool calls of their runs. */
export function createToolAnswers({ database, engine }: { database: Database; engine: RunEngine }) {
  async function take(
    principal: Principal,
    runId: string,
    given: readonly GivenToolAnswer[],
    state: LoggedCall['state'],
  ) {
    const { tenant } = principal;
    const owner = await engine.holder(tenant);
    const { run, claimed } = await inTenant(database, tenant, async (trx) => {
      const locked = await lockRun(trx, runId);
      assertOwnRun(principal, locked);
      const found = locked as RunRow;
      const fresh = await unknownYet(trx, found, given, state);
      await insertToolAnswers(trx, runId, fresh);
      return { run: found, claimed: await claimAnswered(trx, runId, owner) };
    });
    if (claimed) engine.resume(tenant, claimed, owner);
    return runView(claimed ?? run);
  }

  return {
    /**
     * Gives the outputs of a client's tools. The run goes on once everything that it waits for is there. The same answer twice
     * is as good as once.
     * @throws ApiError ERR_CHAT_007, 009, 010
     */
    async submitToolOutputs(principal: Principal, runId: string, outputs: readonly NewToolOutput[]): Promise<RunView> {
      const given = outputs.map(({ tool_call_id, output, error }) => ({
        toolCallId: tool_call_id,
        answer: error === undefined ? { output: output ?? null } : { error: error },
      }));
      return take(principal, runId, given, 'offered');
    },

    /** Allows calls of tools that ask for it, or refuses them: the model then learns that, and why. Errors as above. */
    async decideToolCalls(
      principal: Principal,
      runId: string,
      decisions: readonly NewToolDecision[],
    ): Promise<RunView> {
      const given = decisions.map(({ tool_call_id, approved, reason }) => ({
        toolCallId: tool_call_id,
        answer: { approved, ...(reason !== undefined && { reason: reason }) },
      }));
      return take(principal, runId, given, 'asks');
    },
  };
}

/** Those that are not there yet. Throws where a call waits for nothing of the kind, or has another answer. */
async function unknownYet(
  trx: TenantTransaction,
  run: RunRow,
  given: readonly GivenToolAnswer[],
  state: LoggedCall['state'],
): Promise<GivenToolAnswer[]> {
  const answer = new Answer();
  answer.restore(await readEvents(trx, run.id, 0, Number.MAX_SAFE_INTEGER));
  const known = new Map((await readToolAnswers(trx, run.id)).map((one) => [one.toolCallId, one.answer]));
  const fresh: GivenToolAnswer[] = [];
  for (const one of given) {
    const before = known.get(one.toolCallId);
    if (before === undefined) fresh.push(one);
    else if (!isSame(before, one.answer))
      throw chatErrors.toolCallAnswered(wordsFor(one, 'already has another answer'));
    if (before !== undefined) continue;
    const call = answer.call(one.toolCallId);
    if (call?.state === 'answered') throw chatErrors.toolCallAnswered(wordsFor(one, 'is already answered'));
    if (call?.state !== state) throw chatErrors.toolCallNotFound(missing(one, state));
    known.set(one.toolCallId, one.answer);
  }
  if (fresh.length > 0 && isTerminal(run.status)) throw chatErrors.runEnded();
  return fresh;
}

function isSame(one: ToolAnswer, other: ToolAnswer): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function wordsFor({ toolCallId }: GivenToolAnswer, what: string): string {
  return `The tool call "${toolCallId.slice(0, 100)}" ${what}.`;
}

function missing({ toolCallId }: GivenToolAnswer, state: LoggedCall['state']): string {
  const needs = state === 'asks' ? 'a decision' : 'an output';
  return `This run has no tool call "${toolCallId.slice(0, 100)}" that waits for ${needs}.`;
}
