import { pageOf } from '../../../platform/http/pagination.ts';
import type { App } from '../../../platform/http/server.ts';
import { ListQuery, LoginReply, presentLogin, presentTenant } from '../identity.schema.ts';
import type { Identity } from '../identity.ts';
import { pageFrom } from '../list-page.ts';
import { clientOf, unstored } from '../login-reply.routes.ts';
import * as schema from './invitation.schema.ts';
import {
  acceptAsNewUser,
  acceptAsUser,
  invite,
  listInvitations,
  lookAtInvitation,
  revokeInvitation,
} from './invitation.service.ts';

const tags = ['invitations'];

/** Inviting people into a tenant, and accepting. */
export function invitationRoutes(app: App, identity: Identity): void {
  inviting(app, identity);
  accepting(app, identity);
}

function inviting(app: App, identity: Identity): void {
  const config = { access: 'admin' } as const;

  app.post(
    '/v1/invitations',
    {
      config,
      schema: {
        tags,
        summary: 'Invite somebody into my tenant',
        description: 'By mail, for 7 days. To invite again makes a new link, and ends the old one.',
        body: schema.InviteBody,
        response: { 201: schema.NewInvitationReply },
      },
    },
    async (request, reply) => {
      const { principal, body } = request;
      const { email, role = 'member' } = body;
      const made = await request.once(async () =>
        schema.presentNewInvitation(await invite(identity, principal, { email, role })),
      );
      return unstored(reply).code(201).send(made);
    },
  );

  app.get(
    '/v1/invitations',
    {
      config,
      schema: {
        tags,
        summary: 'Invitations that nobody has accepted yet',
        querystring: ListQuery,
        response: { 200: schema.InvitationList },
      },
    },
    async ({ principal, query }) => {
      const page = pageFrom(query);
      const invitations = await listInvitations(identity, principal, page);
      return pageOf(invitations, page.limit, schema.presentInvitation, ({ id }) => [id]);
    },
  );

  app.delete(
    '/v1/invitations/:id',
    { config, schema: { tags, summary: 'Take an invitation back', params: schema.InvitationParams } },
    async ({ principal, params }, reply) => {
      await revokeInvitation(identity, principal, params.id);
      return reply.code(204).send();
    },
  );
}

function accepting(app: App, identity: Identity): void {
  app.post(
    '/v1/auth/invitations/look',
    {
      config: { access: 'public', limit: 'login' },
      schema: {
        tags,
        summary: 'What an invitation is for',
        body: schema.InvitationBody,
        response: { 200: schema.ShownInvitationReply },
      },
    },
    async ({ body }) => schema.presentShown(await lookAtInvitation(identity, body.token)),
  );

  app.post(
    '/v1/auth/invitations/accept',
    {
      config: { access: 'public', limit: 'register' },
      schema: {
        tags,
        summary: 'Accept an invitation with a new account',
        body: schema.AcceptBody,
        response: { 201: LoginReply },
      },
    },
    async (request, reply) => {
      const { token, password, full_name: fullName } = request.body;
      const input = { token, password, fullName };
      const login = await acceptAsNewUser(identity, input, clientOf(request), request.signal);
      return unstored(reply).code(201).send(presentLogin(login));
    },
  );

  app.post(
    '/v1/invitations/accept',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'Accept an invitation with the account that I have',
        description: 'Its e-mail address must be the invitation’s. Then POST /v1/auth/switch-tenant leads there.',
        body: schema.InvitationBody,
        response: { 200: schema.JoinedReply },
      },
    },
    async ({ principal, body }) => ({
      tenant: presentTenant(await acceptAsUser(identity, principal, body.token)),
    }),
  );
}
