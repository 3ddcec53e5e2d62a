import type { App } from '../../platform/http/server.ts';
import { IdParams } from './chat.schema.ts';
import { RecallPage, RecallQuery } from './recalls.schema.ts';
import type { RecallList } from './recalls.service.ts';

/** `/v1/sessions/{id}/recalls`. */
export function recallListRoutes(app: App, recalls: RecallList): void {
  app.get(
    '/v1/sessions/:id/recalls',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['Sessions'],
        summary: 'What memory gave to the answers of a session',
        description:
          'One entry for each run that was given something, newest first: the same as the `recall` event of its stream.',
        params: IdParams,
        querystring: RecallQuery,
        response: { 200: RecallPage },
      },
    },
    async ({ principal, params, query }) => recalls(principal, params.id, query),
  );
}
