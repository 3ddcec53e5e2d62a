import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** The process's metrics. Labels are bounded: route patterns and codes, never paths, ids or names of tenants. */
export type Metrics = {
  registry: Registry;
  requests: Histogram<'method' | 'route' | 'status'>;
  logins: Counter<'outcome'>;
  visitors: Counter<'outcome'>;
  runs: Counter<'status'>;
  firstToken: Histogram;
  toolCalls: Counter<'tool' | 'outcome'>;
  activeRuns: Gauge;
  openStreams: Gauge;
  eventFlush: Histogram;
  eventsFlushed: Counter;
  documents: Counter<'status'>;
  ingestion: Histogram;
  analyses: Counter<'status'>;
  analysisSeconds: Histogram;
  searches: Histogram<'mode'>;
  memoriesRemembered: Counter<'role' | 'noise'>;
  memoriesRefused: Counter<'noise'>;
  factReadings: Counter<'outcome'>;
  recalls: Histogram<'mode'>;
  memoryEmbeddings: Counter<'status'>;
  outsideCalls: Counter<'kind' | 'outcome'>;
  circuits: Counter<'kind' | 'state'>;
  ledgerBooking: Histogram;
  spend: Counter<'provider' | 'purpose'>;
  modelCalls: Counter<'provider' | 'purpose' | 'outcome'>;
  budgetRefusals: Counter<'scope' | 'period'>;
  budgetAlerts: Counter<'scope' | 'period' | 'percent'>;
  memoriesRetained: Counter<'action'>;
  backups: Counter<'outcome'>;
  lastBackup: Gauge;
  backupSeconds: Gauge;
  embeddingsBackfilled: Counter<'area'>;
  forgettings: Counter<'kind'>;
  limitRefusals: Counter<'limit'>;
  jobs: Histogram<'queue' | 'outcome'>;
};

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

let ofProcess: Registry | undefined;

/** Measured once in a process, however many servers it holds, as in tests: each measurement keeps a timer of 10 ms for good. */
function processMetrics(): Registry {
  if (ofProcess === undefined) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
}

export function createMetrics(): Metrics {
  const registry = Registry.merge([processMetrics()]);
  const registers = [registry];
  return {
    registry,
    requests: new Histogram({
      name: 'parley_http_request_duration_seconds',
      help: 'Time to answer a request, streams until their end.',
      labelNames: ['method', 'route', 'status'],
      buckets: SECONDS,
      registers,
    }),
    visitors: new Counter({
      name: 'parley_visitors_total',
      help: 'Credentials that people without an account asked for, by outcome: new, again or refused.',
      labelNames: ['outcome'],
      registers,
    }),
    logins: new Counter({
      name: 'parley_logins_total',
      help: 'Logins by how they ended.',
      labelNames: ['outcome'],
      registers,
    }),
    runs: new Counter({ name: 'parley_runs_total', help: 'Runs that ended.', labelNames: ['status'], registers }),
    toolCalls: new Counter({
      name: 'parley_tool_calls_total',
      help: 'Tool calls that were answered: by kind of tool and by how it went.',
      labelNames: ['tool', 'outcome'],
      registers,
    }),
    firstToken: new Histogram({
      name: 'parley_run_first_token_seconds',
      help: 'From the creation of a run to its first text.',
      buckets: SECONDS,
      registers,
    }),
    activeRuns: new Gauge({ name: 'parley_active_runs', help: 'Runs that this process works on.', registers }),
    openStreams: new Gauge({ name: 'parley_open_streams', help: 'Clients that follow a run.', registers }),
    eventFlush: new Histogram({
      name: 'parley_event_flush_seconds',
      help: 'One write of events to the database.',
      buckets: SECONDS,
      registers,
    }),
    eventsFlushed: new Counter({ name: 'parley_events_total', help: 'Events made durable.', registers }),
    documents: new Counter({
      name: 'parley_documents_ingested_total',
      help: 'Documents that reached an end.',
      labelNames: ['status'],
      registers,
    }),
    ingestion: new Histogram({
      name: 'parley_document_ingestion_seconds',
      help: 'From the start of a document’s ingestion to its end.',
      buckets: [0.1, 0.5, 1, 5, 10, 30, 60, 300],
      registers,
    }),
    analyses: new Counter({
      name: 'parley_code_analyses_total',
      help: 'Analyses of code repositories that reached an end.',
      labelNames: ['status'],
      registers,
    }),
    analysisSeconds: new Histogram({
      name: 'parley_code_analysis_seconds',
      help: 'From the start of an analysis of code to its end, the fetching included.',
      buckets: [1, 5, 10, 30, 60, 300, 900],
      registers,
    }),
    searches: new Histogram({
      name: 'parley_search_seconds',
      help: 'One search.',
      labelNames: ['mode'],
      buckets: SECONDS,
      registers,
    }),
    memoriesRemembered: new Counter({
      name: 'parley_memories_remembered_total',
      help: 'Messages that went into memory; noise names those that are never put before a model.',
      labelNames: ['role', 'noise'],
      registers,
    }),
    embeddingsBackfilled: new Counter({
      name: 'parley_embeddings_backfilled_total',
      help: 'Vectors made of texts that were there already.',
      labelNames: ['area'],
      registers,
    }),
    forgettings: new Counter({
      name: 'parley_forgettings_total',
      help: 'What was forgotten to the end, with a receipt.',
      labelNames: ['kind'],
      registers,
    }),
    limitRefusals: new Counter({
      name: 'parley_limit_refusals_total',
      help: 'Requests, messages and frames over a rate limit, by the limit.',
      labelNames: ['limit'],
      registers,
    }),
    jobs: new Histogram({
      name: 'parley_job_duration_seconds',
      help: 'One try of a job: done, failed (it is tried again), aborted by its time or a shutdown.',
      labelNames: ['queue', 'outcome'],
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600],
      registers,
    }),
    memoriesRetained: new Counter({
      name: 'parley_memories_retained_total',
      help: 'Memories that retention archived, deleted or moved to cold storage.',
      labelNames: ['action'],
      registers,
    }),
    backups: new Counter({
      name: 'parley_backups_total',
      help: 'Backups by how they ended.',
      labelNames: ['outcome'],
      registers,
    }),
    lastBackup: new Gauge({
      name: 'parley_backup_last_success_timestamp_seconds',
      help: 'The moment that the newest backup of this process holds; 0 where it has made none.',
      registers,
    }),
    backupSeconds: new Gauge({
      name: 'parley_backup_duration_seconds',
      help: 'How long the newest backup of this process took.',
      registers,
    }),
    memoriesRefused: new Counter({
      name: 'parley_memories_refused_total',
      help: 'Messages of own sessions that the admission gate kept out.',
      labelNames: ['noise'],
      registers,
    }),
    factReadings: new Counter({
      name: 'parley_memory_fact_readings_total',
      help: 'Messages that a model read facts from: read, refused for its answer, failed because it was away or had no budget; fact-refused counts facts that their message does not bear out.',
      labelNames: ['outcome'],
      registers,
    }),
    recalls: new Histogram({
      name: 'parley_memory_recall_seconds',
      help: 'One search of memory.',
      labelNames: ['mode'],
      buckets: SECONDS,
      registers,
    }),
    memoryEmbeddings: new Counter({
      name: 'parley_memory_embeddings_total',
      help: 'Vectors of memories that were made, or could not be.',
      labelNames: ['status'],
      registers,
    }),
    outsideCalls: new Counter({
      name: 'parley_outside_calls_total',
      help: 'Calls to services outside: answered, failed, aborted by us, or refused because the circuit is open or too many wait.',
      labelNames: ['kind', 'outcome'],
      registers,
    }),
    circuits: new Counter({
      name: 'parley_circuit_changes_total',
      help: 'Changes of circuit breakers, by the state that they came to.',
      labelNames: ['kind', 'state'],
      registers,
    }),
    ledgerBooking: new Histogram({
      name: 'parley_ledger_booking_seconds',
      help: 'One booking in the ledger, of one call or of several together.',
      buckets: SECONDS,
      registers,
    }),
    spend: new Counter({
      name: 'parley_model_cost_usd_total',
      help: 'What calls to models cost, by provider and by what they were for.',
      labelNames: ['provider', 'purpose'],
      registers,
    }),
    modelCalls: new Counter({
      name: 'parley_model_calls_total',
      help: 'Upstream calls to models: complete, cut off (estimated), failed (nothing to pay), refused (no budget or no price).',
      labelNames: ['provider', 'purpose', 'outcome'],
      registers,
    }),
    budgetRefusals: new Counter({
      name: 'parley_budget_refusals_total',
      help: 'Calls that a hard budget had no room for.',
      labelNames: ['scope', 'period'],
      registers,
    }),
    budgetAlerts: new Counter({
      name: 'parley_budget_alerts_total',
      help: 'Shares of budgets that were used up.',
      labelNames: ['scope', 'period', 'percent'],
      registers,
    }),
  };
}
