import type { ChatModel } from '../../../ai/chat-model.ts';
import type { Embedder } from '../../../ai/embedder.ts';
import type { Tenant } from '../../tenancy/index.ts';
import type { Payer, Purpose } from './payer.ts';
import type { RunTrace } from './run-trace.ts';

/** On whose account a model is called, and what for. */
export type Call = Payer & {
  readonly tenant: Tenant;
  readonly purpose: Purpose;
  /** The run that it is a part of: should the process die, what the run's event log has from there on says what was used. */
  readonly run?: {
    readonly id: string;
    /** Place of the run's last event so far. */
    position(): number;
  };
  /** Told what each request cost, USD, when it ends, however it ends; null without a price. */
  settled?(costUsd: number | null): void;
};

/**
 * Puts a price on calls: every upstream request of a metered model reserves its highest possible price before it begins
 * and settles at the real one. A call that no budget has room for throws ApiError ERR_BUDGET_001 before it reaches anyone,
 * one of unknown price ERR_BUDGET_002. Cheap: wrap anew for each run, document or request.
 */
export type Meter = {
  /** `finish` of its streams has `costUsd`. */
  model(model: ChatModel, call: Call): ChatModel;
  embedder(embedder: Embedder, call: Call): Embedder;
  /** A worker takes a run over: what earlier ones had under way is settled, by what the run's log has. */
  settleRun(runId: string, trace: RunTrace): Promise<void>;
};
