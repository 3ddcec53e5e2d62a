import type { JobDefinition } from '../../platform/queue/queue.ts';
import type { Tenant } from '../tenancy/index.ts';
import { documentJobs } from './documents.jobs.ts';
import type { SearchBody } from './documents.schema.ts';
import { createDocumentService, type DocumentService, type DocumentServiceDependencies } from './documents.service.ts';
import { extractPlainText } from './ingestion/extract-plain-text.ts';
import type { Extract } from './ingestion/ingestion.types.ts';
import { type SearchResult, searchDocuments } from './retrieval/search.ts';
import { createSourceService, type SourceService } from './sources.service.ts';

export type DocumentsDependencies = Omit<DocumentServiceDependencies, 'extract'> & {
  /** Documents that one process ingests at the same time. */
  ingestionConcurrency: number;
  /** Reads the text of files. */
  extract?: Extract;
};

export type Documents = {
  service: DocumentService;
  sources: SourceService;
  /** Largest file, bytes. */
  uploadLimit: number;
  jobs: readonly JobDefinition<never>[];
  search(tenant: Tenant, body: SearchBody, signal: AbortSignal): Promise<SearchResult>;
};

const DEFAULT_TOP_K = 8;

export function createDocuments(options: DocumentsDependencies): Documents {
  const { ingestionConcurrency, ...given } = options;
  const deps = { extract: extractPlainText, ...given };
  return {
    service: createDocumentService(deps),
    sources: createSourceService(deps),
    uploadLimit: deps.uploadLimit,
    jobs: documentJobs(deps, ingestionConcurrency),
    search: (tenant, body, signal) => searchDocuments(deps, tenant, inputOf(body), signal),
  };
}

function inputOf({ query, top_k: topK = DEFAULT_TOP_K, mode = 'hybrid', filter = {} }: SearchBody) {
  const { document_ids: documentIds, source_ids: sourceIds, metadata } = filter;
  return { query, topK, mode, filter: { documentIds, sourceIds, metadata } };
}
