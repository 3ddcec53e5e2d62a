export type { EmbeddedArea, EmbeddedVector, IndexCounts, MissingText } from './embedded-area.ts';
export { embeddingRoutes } from './embeddings.routes.ts';
export { createEmbeddings, type Embeddings, type IndexState } from './embeddings.ts';
