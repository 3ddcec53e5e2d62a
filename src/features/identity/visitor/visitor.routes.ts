import { Type } from 'typebox';
import type { App } from '../../../platform/http/server.ts';
import { closed, Id } from '../identity.schema.ts';
import type { Identity } from '../identity.ts';
import { unstored } from '../login-reply.routes.ts';
import { welcomeVisitor } from './visitor.service.ts';

const Body = Type.Object(
  {
    tenant: Type.String({ minLength: 1, maxLength: 64, description: 'The slug of a tenant that takes visitors.' }),
    token: Type.Optional(
      Type.String({
        maxLength: 4_096,
        description: 'Your last token, also when it has expired: you stay the same visitor and keep your sessions.',
      }),
    ),
  },
  closed,
);
const Reply = Type.Object({
  access_token: Type.String(),
  token_type: Type.Literal('bearer'),
  expires_in: Type.Integer({ description: 'Seconds.' }),
  visitor_id: Id,
});

/** `/v1/visitors`: a credential for people without an account. */
export function visitorRoutes(app: App, identity: Identity): void {
  app.post(
    '/v1/visitors',
    {
      config: { access: 'public', limit: 'visitor' },
      schema: {
        tags: ['auth'],
        summary: 'Come as a visitor',
        description:
          'Where the tenant’s setting `visitors.allowed` says so. The token opens a visitor’s own sessions and their runs, at `/v1/sessions`, `/v1/runs` and `/v1/ws/chat`, and nothing else. 404 for a tenant that takes no visitors.',
        body: Body,
        response: { 201: Reply },
      },
    },
    async ({ body }, reply) => {
      const { token, expiresIn, visitorId } = await welcomeVisitor(identity, body.tenant, body.token);
      return unstored(reply)
        .code(201)
        .send({ access_token: token, token_type: 'bearer' as const, expires_in: expiresIn, visitor_id: visitorId });
    },
  );
}
