import type { JobDefinition } from '../../platform/queue/queue.ts';
import type { RedisConnection } from '../../platform/redis/redis.ts';
import type { EmbeddedArea } from '../embeddings/index.ts';
import type { Forgetter, Tenant } from '../tenancy/index.ts';
import { nobody, type Payer } from '../usage/index.ts';
import { type AttachmentService, createAttachmentService } from './attachments/attachment.service.ts';
import { createUnusedAttachments } from './attachments/unused-attachments.ts';
import { documentJobs } from './documents.jobs.ts';
import type { SearchBody } from './documents.schema.ts';
import { createDocumentService, type DocumentService, type DocumentServiceDependencies } from './documents.service.ts';
import { createDocumentVectors } from './embedding/document-vectors.ts';
import { createTextExtractor } from './extraction/text-extractor.ts';
import { type FolderContext, type FolderProgress, type FolderReport, ingestFolder } from './folder/ingest-folder.ts';
import { createDocumentsForgetter } from './forgetting/documents-forgetter.ts';
import { type IngestionOutcome, ingestDocument } from './ingestion/ingest-document.ts';
import type { Extract } from './ingestion/ingestion.types.ts';
import { purgeDocuments } from './ingestion/purge-documents.ts';
import { type Retrieval, type RetrievalContext, type RetrievalOptions, retrieve } from './retrieval/retrieve.ts';
import type { HistoryMessage } from './retrieval/route-query.ts';
import { type CorpusReader, corpusReader, type SearchResult, searchDocuments } from './retrieval/search.ts';
import { createSearchCache } from './retrieval/search-cache.ts';
import { createSourceService, type SourceService } from './sources.service.ts';

export type DocumentsDependencies = Omit<DocumentServiceDependencies, 'extract'> & {
  /** Documents that one process ingests at the same time. */
  ingestionConcurrency: number;
  /** Largest file that a message carries, bytes; 20 MiB unless set. */
  attachmentLimit?: number;
  /** Reads the text of files. */
  extract?: Extract;
  /** Null: each process remembers by itself what searches found. */
  redis?: RedisConnection | null;
};

export type Documents = {
  service: DocumentService;
  sources: SourceService;
  attachments: AttachmentService;
  /** Largest file, bytes. */
  uploadLimit: number;
  jobs: readonly JobDefinition<never>[];
  /** Ingests a document here and now, instead of by its job. */
  ingest(tenant: Tenant, documentId: string, signal: AbortSignal): Promise<IngestionOutcome>;
  /** Removes what is left of deleted documents here and now, instead of by its job. */
  purge(tenant: Tenant, signal: AbortSignal): Promise<void>;
  /** What the corpus is now, for a search that follows. */
  readCorpus: CorpusReader;
  /** The evidence for a question in a conversation, for a model to answer from. */
  retrieve(
    context: RetrievalContext,
    question: string,
    history: readonly HistoryMessage[],
    options?: RetrievalOptions,
  ): Promise<Retrieval>;
  /** Makes a tenant's documents what a folder on this machine holds; for the command line. */
  ingestFolder(
    context: FolderContext,
    folder: string,
    onProgress?: (progress: FolderProgress) => void,
  ): Promise<FolderReport>;
  /** `payer` is who is charged for the vector of the query. */
  search(tenant: Tenant, body: SearchBody, signal: AbortSignal, payer?: Payer): Promise<SearchResult>;
  /** Their texts, for embedders. */
  vectors: EmbeddedArea;
  /** What documents know about forgetting. */
  forgetter: Forgetter;
  /** Forgets what is kept in this process of queries. */
  forgetCaches(): void;
  /** Ends the processes that read files. */
  close(): void;
};

const DEFAULT_TOP_K = 8;
const DEFAULT_ATTACHMENT_LIMIT = 20 * 1024 * 1024;

export function createDocuments(options: DocumentsDependencies): Documents {
  const { ingestionConcurrency, attachmentLimit = DEFAULT_ATTACHMENT_LIMIT, ...given } = options;
  // Its processes start when there is work, and end when there has been none for a while.
  const extractor = createTextExtractor({ processes: ingestionConcurrency });
  const extract: Extract = (input, signal) => extractor.extractText(input, { signal });
  const cache = createSearchCache(given);
  const deps = { extract, readCorpus: corpusReader(given.database), cache, ...given };
  const onAccountOf = (tenant: Tenant, { userId, apiKeyId }: Payer) => {
    const serving = deps.servingEmbedder?.(tenant) ?? deps.embedder;
    const embedder = serving && deps.meter.embedder(serving, { tenant, userId, apiKeyId, purpose: 'query' });
    return { ...deps, embedder };
  };
  const unused = createUnusedAttachments(deps);
  return {
    service: createDocumentService(deps),
    sources: createSourceService(deps),
    uploadLimit: deps.uploadLimit,
    attachments: createAttachmentService({ ...deps, unused, attachmentLimit }),
    vectors: createDocumentVectors(deps),
    forgetter: createDocumentsForgetter(deps),
    jobs: [...documentJobs(deps, ingestionConcurrency), unused.job],
    ingest: (tenant, documentId, signal) => ingestDocument(deps, tenant, documentId, { signal, lastTry: true }),
    purge: (tenant, signal) => purgeDocuments(deps, tenant, signal),
    readCorpus: deps.readCorpus,
    retrieve: (context, question, history, more) => {
      const { tenant, payer = nobody, corpus } = context;
      const readCorpus: CorpusReader = (asked) => corpus ?? deps.readCorpus(asked);
      return retrieve({ ...onAccountOf(tenant, payer), readCorpus }, context, question, history, more);
    },
    ingestFolder: (context, folder, onProgress) =>
      ingestFolder({ ...deps, ingestionConcurrency }, context, folder, onProgress),
    search: (tenant, body, signal, payer = nobody) =>
      searchDocuments(onAccountOf(tenant, payer), tenant, inputOf(body), signal),
    forgetCaches: () => {
      cache.found.clear();
      cache.vectors.clear();
    },
    close: () => extractor.close(),
  };
}

function inputOf({ query, top_k: topK = DEFAULT_TOP_K, mode = 'hybrid', filter = {} }: SearchBody) {
  const { document_ids: documentIds, source_ids: sourceIds, metadata } = filter;
  return { query, topK, mode, filter: { documentIds, sourceIds, metadata } };
}
