import type { ChatModel } from '../../../ai/chat-model.ts';
import type { Database } from '../../../platform/database/database.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';
import type { Metrics } from '../../../platform/telemetry/metrics.ts';
import { inTenant, type Tenant } from '../../tenancy/index.ts';
import type { Meter } from '../../usage/index.ts';
import { type ContextLimits, DEFAULT_CONTEXT_LIMITS } from './context-budget.ts';
import type { RecalledFields } from './event.ts';
import { contextOf, questionOf } from './model-context.ts';
import type { Answering, Retrieved } from './produce-answer.ts';
import { type HistoryRow, payerOf, type RetrievalRequest, type RunRow } from './run.store.ts';
import { openTools, type ToolSource } from './run-tools.ts';
import { readToolAnswers } from './tool-answer.store.ts';

export type Retrieve = (
  question: string,
  history: readonly { role: string; content: string }[],
  run: RunRow,
  signal: AbortSignal,
  /** Files that came with messages that the model is told, newest first. */
  attachmentIds: readonly string[],
) => Promise<Retrieved>;

/** Begins what any search of a tenant needs, so that it is there once the question has been saved, and gives the search. */
export type RetrieveFor = (tenant: Tenant, retrieval: RetrievalRequest) => Retrieve;

/** What is remembered that helps with a question; also does what the question asks of memory itself ("forget that"). */
export type RecallFor = (tenant: Tenant, question: string, run: RunRow, signal: AbortSignal) => Promise<RecalledFields>;

/** What answering needs from outside of the run. */
export type AnsweringPorts = {
  database: Database;
  metrics: Metrics;
  resolveModel(name: string, tenant: Tenant): Promise<ChatModel>;
  /** Counts, and pays for, each request to a model. */
  meter: Meter;
  retrieve: RetrieveFor;
  /** Null: nothing is remembered here. */
  recall?: RecallFor | null;
  /** Null: no tools of this program are there. */
  tools?: ToolSource | null;
  limits?: Partial<RunLimits>;
  context?: Partial<ContextLimits>;
};

export type RunLimits = {
  /** Rounds of model and tools in one run. */
  mostSteps: number;
  /** How long a run waits for a client, ms. */
  toolWait: number;
};

export const DEFAULT_RUN_LIMITS: RunLimits = { mostSteps: 10, toolWait: 24 * 60 * 60 * 1000 };

/** How far a run may go: what it was asked for, within the installation's limit. */
export function boundsOf({ request }: RunRow, limits: Partial<RunLimits> = {}) {
  const { mostSteps } = { ...DEFAULT_RUN_LIMITS, ...limits };
  return {
    mostSteps: Math.min(request.max_steps ?? mostSteps, mostSteps),
    endsAtClientTools: request.client_tools === 'end',
  };
}

/** What a run's question follows, and what searches for it. */
export type KnownToRun = { history: readonly HistoryRow[]; retrieve: Retrieve };

/** What belongs to one worker's work on a run. */
export type WorkOnRun = {
  log: Logger;
  signal: AbortSignal;
  sent: Answering['sent'];
  /** Place of the last event that was emitted. */
  position(): number;
};

/** Everything that one worker needs to answer a run. Opens its tools. */
export async function answeringOf(
  ports: AnsweringPorts,
  { tenant, run }: { tenant: Tenant; run: RunRow },
  { history, retrieve }: KnownToRun,
  { log, signal, sent, position }: WorkOnRun,
): Promise<Answering> {
  const { database, metrics } = ports;
  const context = contextOf(run, history);
  const { question, earlier } = questionOf(context);
  const { retrieval, memory = null } = run.request;
  const { apiKeyId } = payerOf(run);
  const owner = { tenant, userId: run.user_id, apiKeyId, runId: run.id, sessionId: run.session_id, retrieval, memory };
  const settled = (costUsd: number | null) => {
    sent.costUsd = costUsd;
  };
  const call = { tenant, ...payerOf(run), purpose: 'answer' as const, run: { id: run.id, position }, settled };
  const model = ports.meter.model(await ports.resolveModel(run.model, tenant), call);
  const bounds = boundsOf(run, ports.limits);
  const source = { source: ports.tools ?? null, canAsk: !bounds.endsAtClientTools };
  const tools = await openTools(run.request.tools ?? [], source, owner, signal);
  return {
    model,
    context,
    contextLimits: { ...DEFAULT_CONTEXT_LIMITS, ...ports.context },
    retrieve: (until) => retrieve(question, earlier, run, until, context.attachmentIds),
    recall: recallOf(ports, tenant, question, run),
    onFirstText: () => metrics.firstToken.observe((Date.now() - run.created_at.getTime()) / 1000),
    toolChoice: run.request.tool_choice ?? 'auto',
    ...bounds,
    sent,
    calling: {
      tools,
      owner,
      metrics,
      log,
      async answers() {
        const given = await inTenant(database, tenant, (trx) => readToolAnswers(trx, run.id));
        return new Map(given.map(({ toolCallId, answer }) => [toolCallId, answer]));
      },
    },
  };
}

function recallOf({ recall }: AnsweringPorts, tenant: Tenant, question: string, run: RunRow): Answering['recall'] {
  if (!recall || !run.request.memory) return null;
  return (signal) => recall(tenant, question, run, signal);
}
