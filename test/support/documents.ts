import { pino } from 'pino';
import { createDocuments, type Documents, type DocumentsDependencies } from '../../src/features/documents/index.ts';
import type { Principal } from '../../src/features/identity/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { createQueue, type Queue } from '../../src/platform/queue/queue.ts';
import { createMetrics } from '../../src/platform/telemetry/metrics.ts';
import { forgettingOn } from './forgetting.ts';
import { unmetered } from './unmetered.ts';

export type TestDocuments = {
  documents: Documents;
  queue: Queue;
  /** Adds a text and ingests it here and now. Returns its id. */
  add(principal: Principal, title: string, content: string, metadata?: Record<string, unknown>): Promise<string>;
  /** Titles of what a search finds, best first. */
  find(principal: Principal, query: string, more?: Partial<Parameters<Documents['search']>[1]>): Promise<string[]>;
  stop(): Promise<void>;
};

export type TestDocumentsOptions = Partial<Omit<DocumentsDependencies, 'database' | 'queue'>> & {
  /** Whether jobs are taken; otherwise they wait for ever, and the test ingests by itself. */
  work?: boolean;
};

const STOP_TIMEOUT_MS = 5_000;

/** The documents feature on a test database, with a queue of its own. */
export async function startDocuments(database: Database, options: TestDocumentsOptions = {}): Promise<TestDocuments> {
  const { work = false, ...more } = options;
  const onError = (error: Error) => {
    throw error;
  };
  const queue = createQueue(database, { onError, onWarning: () => undefined });
  const forgetting = forgettingOn(database, queue, () => [documents.forgetter]);
  const documents: Documents = createDocuments({
    database,
    queue,
    forgetting,
    embedder: null,
    meter: unmetered,
    log: pino({ level: 'silent' }),
    metrics: createMetrics(),
    clock: systemClock,
    ingestionConcurrency: 2,
    uploadLimit: 5 * 1024 * 1024,
    ...more,
  });
  await queue.start([...documents.jobs, ...forgetting.jobs], { work });
  const never = new AbortController().signal;
  return {
    documents,
    queue,
    add: async (principal, title, content, metadata = {}) => {
      const { id } = await documents.service.createFromText(principal, { title, content, metadata });
      const outcome = await documents.ingest(principal.tenant, id, never);
      if (outcome === 'ready') return id;
      const { error } = await documents.service.get(principal, id);
      throw new Error(`The document ${title} is ${outcome}: ${error?.code} ${error?.detail}`);
    },
    find: async ({ tenant }, query, body = {}) => {
      const { hits } = await documents.search(tenant, { query, ...body }, never);
      return hits.map(({ title }) => title);
    },
    stop: async () => {
      await queue.stop(STOP_TIMEOUT_MS);
      documents.close();
    },
  };
}
