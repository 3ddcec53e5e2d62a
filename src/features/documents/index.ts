export { documentRoutes } from './documents.routes.ts';
export { createDocuments, type Documents, type DocumentsDependencies } from './documents.ts';
export type { DocumentFilter } from './retrieval/filter.store.ts';
export type { SearchMode } from './retrieval/search.ts';
