import type { App } from '../../platform/http/server.ts';
import type { Memory } from './memory.ts';
import { RecallBody, RecallQueryString, RecallView } from './recall/recall.schema.ts';

const description =
  'By words (BM25), by meaning where an embedding model is configured, by importance and age; turns beside a hit and words of time ("last week") count. Best first.';

/** `/v1/memory/search`. */
export function recallRoutes(app: App, { recall }: Memory): void {
  const config = { access: 'viewer' } as const;
  const schema = { tags: ['Memory'], summary: 'Recall', description, response: { 200: RecallView } };
  app.get(
    '/v1/memory/search',
    { config, schema: { ...schema, querystring: RecallQueryString } },
    async ({ principal, query, signal }) => recall.search(principal, query, signal),
  );
  app.post(
    '/v1/memory/search',
    { config, schema: { ...schema, body: RecallBody } },
    async ({ principal, body, signal }) => recall.search(principal, body, signal),
  );
}
