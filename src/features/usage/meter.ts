import type { ChatModel } from '../../ai/chat-model.ts';
import type { Embedder } from '../../ai/embedder.ts';
import type { Tenant } from '../tenancy/index.ts';

/** Who is charged for a call within a tenant; both null for the tenant's own work, such as a source's synchronisation. */
export type Payer = { readonly userId: string | null; readonly apiKeyId: string | null };

/** What a call to a model is for. Bounded: it is a label of metrics. */
export type Purpose = 'answer' | 'title' | 'query' | 'document' | 'memory' | 'request';

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
};

export const nobody: Payer = { userId: null, apiKeyId: null };
