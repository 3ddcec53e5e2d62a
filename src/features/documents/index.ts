export type { Attachment, AttachmentFile, AttachmentService } from './attachments/attachment.service.ts';
export { documentRoutes } from './documents.routes.ts';
export { presentSearch, SearchBody } from './documents.schema.ts';
export { createDocuments, type Documents, type DocumentsDependencies } from './documents.ts';
export type { FolderProgress, FolderReport } from './folder/ingest-folder.ts';
export type { DocumentFilter } from './retrieval/filter.store.ts';
export type { RetrievedPassage } from './retrieval/passages.ts';
export type { Retrieval, RetrievalContext, RetrievalOptions } from './retrieval/retrieve.ts';
export type { SearchMode } from './retrieval/search.ts';
