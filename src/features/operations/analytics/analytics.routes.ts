import { PageQuery } from '../../../platform/http/pagination.ts';
import type { App } from '../../../platform/http/server.ts';
import {
  AnalyticsUsage,
  EmbeddingStates,
  TenantActivity,
  TopQuery,
  TopSessions,
  TrendQuery,
  Trends,
} from './analytics.schema.ts';
import type { Analytics } from './analytics.service.ts';

/** `/v1/analytics/*`: how much is talked. */
export function analyticsRoutes(app: App, analytics: Analytics): void {
  const tags = ['Analytics'];
  const description = 'For admins of the whole tenant, for everybody else of themselves.';
  const config = { access: 'viewer' } as const;
  app.get(
    '/v1/analytics/usage',
    { config, schema: { tags, description, summary: 'Messages, sessions, runs', response: { 200: AnalyticsUsage } } },
    async ({ principal }) => analytics.usage(principal),
  );
  app.get(
    '/v1/analytics/trends',
    {
      config,
      schema: { tags, description, summary: 'Messages by day', querystring: TrendQuery, response: { 200: Trends } },
    },
    async ({ principal, query }) => analytics.trends(principal, query.days ?? 30),
  );
  // The predecessor's clients know sessions as conversations.
  for (const url of ['/v1/analytics/top-sessions', '/v1/analytics/top-conversations']) {
    app.get(
      url,
      {
        config,
        schema: {
          tags,
          description,
          summary: 'Sessions, latest activity first',
          querystring: TopQuery,
          response: { 200: TopSessions },
        },
      },
      async ({ principal, query }) => analytics.topSessions(principal, query.limit ?? 10),
    );
  }
  app.get(
    '/v1/analytics/embeddings',
    {
      config,
      schema: { tags, description, summary: 'Vectors of memories, by state', response: { 200: EmbeddingStates } },
    },
    async ({ principal }) => analytics.embeddings(principal),
  );
  app.get(
    '/v1/analytics/tenants',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        summary: 'How active each tenant is; no content',
        querystring: PageQuery,
        response: { 200: TenantActivity },
      },
    },
    async ({ query }) => analytics.tenants(query),
  );
}
