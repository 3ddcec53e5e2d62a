import type { ChatModel } from '../../ai/chat-model.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Queue } from '../../platform/queue/queue.ts';
import type { Outside } from '../../platform/resilience/outside.ts';
import type { Logger } from '../../platform/telemetry/log.ts';
import type { Metrics } from '../../platform/telemetry/metrics.ts';
import type { Forgetting, QuotaOf, Tenant, TenantSecrets, TenantSettings } from '../tenancy/index.ts';
import type { Meter } from '../usage/index.ts';
import type { Analysis, AnalysisOptions, CodeBase } from './analysis.ts';
import type { FetchLimits } from './fetch/fetch-limits.ts';
import type { GitFetch } from './fetch/git/git-server.ts';

export type CodeDependencies = {
  database: Database;
  queue: Pick<Queue, 'enqueue'>;
  secrets: TenantSecrets;
  forgetting: Pick<Forgetting, 'entomb'>;
  quotaOf: QuotaOf;
  settings: Pick<TenantSettings, 'read'>;
  meter: Pick<Meter, 'model'>;
  /** The one that a tenant asks where it names none, not metered yet. */
  defaultModel(tenant: Tenant): Promise<ChatModel>;
  clock: Clock;
  log: Logger;
  metrics: Pick<Metrics, 'analyses' | 'analysisSeconds'>;
  /** For git addresses: with the guard for addresses that users give. */
  fetch: GitFetch;
  /** Where calls to git servers go through. */
  outside: Pick<Outside, 'call'>;
  analyse(code: CodeBase, options: AnalysisOptions): Promise<Analysis>;
  limits: FetchLimits;
  /** For all that comes over the network, ms. */
  fetchTimeout: number;
  /** For a whole analysis, ms. */
  analysisTimeout: number;
  /** Analyses that one process makes at the same time. */
  concurrency: number;
  /** Folders in which local paths may be. */
  localRoots: readonly string[];
  /** Largest archive, bytes. */
  uploadLimit: number;
};
