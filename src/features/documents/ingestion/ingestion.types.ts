import type { Embedder } from '../../../ai/embedder.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Database, TenantTransaction } from '../../../platform/database/database.ts';
import type { Queue } from '../../../platform/queue/queue.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';
import type { Metrics } from '../../../platform/telemetry/metrics.ts';
import type { QuotaOf, Tenant } from '../../tenancy/index.ts';
import type { Meter } from '../../usage/index.ts';
import type { ExtractionInput, ExtractionResult } from '../extraction/extracted-document.ts';

/** Reads the text out of a file, in bounded time and memory. Never throws for what a file holds. */
export type Extract = (input: ExtractionInput, signal: AbortSignal) => Promise<ExtractionResult>;

export type IngestionDependencies = {
  database: Database;
  queue: Queue;
  /** Null: documents are searched by their words only. */
  embedder: Embedder | null;
  /** The one whose vectors a tenant's searches use, where that may be another one than `embedder`. */
  servingEmbedder?(tenant: Tenant): Embedder | null;
  /** Called after a document became ready with the vectors of the serving embedder. */
  onEmbedded?(tenant: Tenant): void;
  meter: Meter;
  extract: Extract;
  log: Logger;
  metrics: Metrics;
  clock: Clock;
  /** What tenants may have of documents and bytes. Left out: as much as they like. */
  quotaOf?: QuotaOf;
  /** Vectors of a tenant up to which no index is built for them. */
  vectorsWithoutIndex?: number;
};

/** A transaction in the schema of the tenant that one works for. */
export type InTenant = <T>(work: (trx: TenantTransaction) => Promise<T>) => Promise<T>;
