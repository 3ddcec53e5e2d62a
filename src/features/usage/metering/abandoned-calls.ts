import type { TokenUsage } from '../../../ai/chat-model.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Database } from '../../../platform/database/database.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';
import { countCallsOf, type OpenCall, oldOpenCalls, openCallsOf } from '../ledger/ledger.store.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { costOf, type ModelPrice } from '../prices/price.ts';
import type { RunTrace } from './run-trace.ts';
import { bytesOf, estimatedTokens } from './token-bounds.ts';

export type AbandonedCallsDependencies = {
  database: Database;
  ledger: Ledger;
  clock: Clock;
  log: Logger;
  /** Null: there is no such run any more. */
  readTrace(tenantId: string, runId: string): Promise<RunTrace | null>;
};

/** A call whose run has ended must have been settled in this time; only a process that died has not done it, ms. */
const SETTLED_WITHIN_MS = 60_000;
/** No call takes longer than this: its time-out is 10 minutes, ms. */
const LONGEST_CALL_MS = 15 * 60_000;
const CALLS_AT_ONCE = 100;

/** Settles calls that nobody else will: those of processes that died, by what they left. */
export class AbandonedCalls {
  readonly #deps: AbandonedCallsDependencies;
  constructor(deps: AbandonedCallsDependencies) {
    this.#deps = deps;
  }

  /** A worker takes a run over: what earlier ones had open is settled by the log. Calls of the new one are not yet there. */
  async settleRun(runId: string, trace: RunTrace): Promise<void> {
    for (const call of await openCallsOf(this.#deps.database.db, runId)) await this.#settle(call, trace);
  }

  /** Looks through all open calls. `alone`: no other process has the database, so that whatever is open is abandoned, but
   * for runs that are taken over. */
  async sweep({ alone = false } = {}): Promise<number> {
    const { database, clock } = this.#deps;
    const age = alone ? 0 : SETTLED_WITHIN_MS;
    const open = await oldOpenCalls(database.db, new Date(clock.now().getTime() - age), CALLS_AT_ONCE);
    let settled = 0;
    for (const call of open) if (await this.#settleIfAbandoned(call, alone)) settled += 1;
    return settled;
  }

  async #settleIfAbandoned(call: OpenCall, alone: boolean): Promise<boolean> {
    const { clock, readTrace, log } = this.#deps;
    const isOver = alone || clock.now().getTime() - call.created_at.getTime() > LONGEST_CALL_MS;
    if (call.run_id === null) {
      if (!isOver) return false;
      await this.#settle(call, null);
      return true;
    }
    const trace = await readTrace(call.tenant_id, call.run_id).catch((error: unknown) => {
      log.warn({ err: error, run_id: call.run_id }, 'the log of a run with an open call could not be read');
      return 'unreadable' as const;
    });
    if (trace === 'unreadable') return false;
    // The log of an unfinished run still grows; whoever takes it over settles.
    if (trace && !trace.ended && (alone || !isOver)) return false;
    await this.#settle(call, trace);
    return true;
  }

  async #settle(call: OpenCall, trace: RunTrace | null): Promise<void> {
    const { ledger, log } = this.#deps;
    const price = call.price as ModelPrice | null;
    const { usage, estimated } = await this.#usageOf(call, trace);
    const cost = price === null ? 0 : Math.min(costOf(price, usage), call.amount);
    const payer = { tenantId: call.tenant_id, userId: call.user_id, apiKeyId: call.api_key_id, amount: call.amount };
    const settlement = { callId: call.call_id, cost, ...usage, cachedInputTokens: 0, estimated };
    if (await ledger.settle(payer, settlement)) {
      log.warn({ call_id: call.call_id, run_id: call.run_id, cost_nanos: cost }, 'settled a call that was abandoned');
    }
  }

  /** As the run counted, where it had but this call; else its input as it was, and its output by what the log has. */
  async #usageOf(call: OpenCall, trace: RunTrace | null): Promise<{ usage: TokenUsage; estimated: boolean }> {
    if (trace?.usage && call.run_id !== null) {
      const calls = await countCallsOf(this.#deps.database.db, call.run_id, call.tenant_id);
      if (calls === 1) return { usage: trace.usage, estimated: false };
    }
    const said = trace?.saidAfter(call.run_position ?? 0) ?? '';
    return { usage: { inputTokens: call.input_tokens, outputTokens: estimatedTokens(bytesOf(said)) }, estimated: true };
  }
}
