import type { App } from '../../platform/http/server.ts';
import { IdParams } from './chat.schema.ts';
import { FeedbackPage, FeedbackQuery, NewFeedback, SessionFeedback } from './feedback.schema.ts';
import type { FeedbackService } from './feedback.service.ts';

/** `/v1/sessions/{id}/feedback` and `/v1/feedback`. */
export function feedbackRoutes(app: App, feedback: FeedbackService): void {
  const tags = ['Sessions'];
  app.post(
    '/v1/sessions/:id/feedback',
    {
      config: { access: 'member' },
      schema: { tags, summary: 'Rate messages; the last rating of each counts', params: IdParams, body: NewFeedback },
    },
    async ({ principal, params, body }, reply) => {
      await feedback.rate(principal, params.id, body.message_ids, body.rating);
      return reply.code(204).send();
    },
  );
  app.get(
    '/v1/sessions/:id/feedback',
    {
      config: { access: 'viewer' },
      schema: { tags, summary: 'Your ratings in a session', params: IdParams, response: { 200: SessionFeedback } },
    },
    async ({ principal, params }) => ({ data: await feedback.ofSession(principal, params.id) }),
  );
  app.get(
    '/v1/feedback',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'What users of the tenant rated, newest first',
        description: 'Names messages and users, and shows no message: sessions are private.',
        querystring: FeedbackQuery,
        response: { 200: FeedbackPage },
      },
    },
    async ({ principal, query }) => feedback.list(principal, query),
  );
}
