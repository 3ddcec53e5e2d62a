import type { App } from '../../platform/http/server.ts';
import * as schema from './embeddings.schema.ts';
import type { Embeddings } from './embeddings.ts';

const tags = ['embeddings'];
const config = { access: 'admin' } as const;

/** `/v1/embeddings/indexes`: the vectors of each embedder, and which of them searches use. */
export function embeddingRoutes(app: App, embeddings: Embeddings): void {
  app.get(
    '/v1/embeddings/indexes',
    {
      config,
      schema: { tags, summary: 'How far the vectors of each embedding model are', response: { 200: schema.IndexList } },
    },
    async ({ principal }) => ({ data: [...(await embeddings.states(principal.tenant))], next_cursor: null }),
  );
  app.post(
    '/v1/embeddings/indexes/serve',
    {
      config,
      schema: {
        tags,
        summary: 'Let searches use the vectors of another embedding model, or of the one before again',
        description: 'At once, for all searches that begin. It must have a vector of everything.',
        body: schema.ServeBody,
        response: { 200: schema.IndexList },
      },
    },
    async ({ principal: { tenant }, body }) => {
      await embeddings.serve(tenant, body.embedder, body.areas);
      return { data: [...(await embeddings.states(tenant))], next_cursor: null };
    },
  );
}
