import { pageOf } from '../../platform/http/pagination.ts';
import { originOf } from '../../platform/http/request-origin.ts';
import type { App } from '../../platform/http/server.ts';
import * as account from './account.schema.ts';
import * as schema from './identity.schema.ts';
import { describePrincipal, updateProfile } from './identity.service.ts';
import type { Identity } from './identity.ts';
import { pageFrom } from './list-page.ts';
import { clientOf, unstored } from './login-reply.routes.ts';
import { beginEmailChange } from './mail/change-email.service.ts';
import { sendVerification, verifyEmail } from './mail/verify-email.service.ts';
import { changePassword, forgotPassword, resetByToken } from './password/password.service.ts';
import { listLogins, revokeLogin, revokeOtherLogins, switchTenant } from './token/logins.service.ts';

const tags = ['auth'];
const own = { access: 'viewer' } as const;

/** What people do with their own account. */
export function accountRoutes(app: App, identity: Identity): void {
  profileRoutes(app, identity);
  passwordRoutes(app, identity);
  emailRoutes(app, identity);
  changeEmailRoute(app, identity);
  loginRoutes(app, identity);
}

function profileRoutes(app: App, identity: Identity): void {
  app.patch(
    '/v1/auth/me',
    {
      config: own,
      schema: {
        tags,
        summary: 'Change my name',
        body: account.ProfileBody,
        response: { 200: schema.AccountReply },
      },
    },
    async ({ principal, body }) => {
      await updateProfile(identity, principal, { username: body.username, fullName: body.full_name });
      const { user, tenant } = await describePrincipal(identity, principal);
      return { user: schema.presentUser(user), tenant: schema.presentTenant(tenant) };
    },
  );
}

function passwordRoutes(app: App, identity: Identity): void {
  app.post(
    '/v1/auth/forgot-password',
    {
      config: { access: 'public', limit: 'login' },
      schema: {
        tags,
        summary: 'Have a link for a new password sent',
        description: 'The answer is the same whether there is such an account or not.',
        body: account.ForgotBody,
      },
    },
    async (request, reply) => {
      await forgotPassword(identity, request.body.email, originOf(request), request.signal);
      return reply.code(202).send();
    },
  );

  app.post(
    '/v1/auth/reset-password',
    {
      config: { access: 'public', limit: 'login' },
      schema: {
        tags,
        summary: 'Choose a new password by the link of a mail',
        description: 'Every login of the account ends.',
        body: account.ResetBody,
      },
    },
    async (request, reply) => {
      await resetByToken(identity, request.body, originOf(request), request.signal);
      return reply.code(204).send();
    },
  );

  app.post(
    '/v1/auth/change-password',
    {
      config: own,
      schema: {
        tags,
        summary: 'Change my password',
        description: 'Every other login of mine ends. Who has no password yet leaves current_password out.',
        body: account.ChangePasswordBody,
      },
    },
    async ({ principal, body, signal }, reply) => {
      const input = { current: body.current_password, next: body.new_password };
      await changePassword(identity, principal, input, signal);
      return reply.code(204).send();
    },
  );
}

function emailRoutes(app: App, identity: Identity): void {
  app.post(
    '/v1/auth/verify-email',
    {
      config: { access: 'public', limit: 'login' },
      schema: { tags, summary: 'Show that an e-mail address is mine, by the link of a mail', body: account.TokenBody },
    },
    async (request, reply) => {
      await verifyEmail(identity, request.body.token, originOf(request));
      return reply.code(204).send();
    },
  );

  app.post(
    '/v1/auth/verify-email/send',
    {
      config: { access: 'viewer', limit: 'login' },
      schema: { tags, summary: 'Have that link sent again' },
    },
    async ({ principal }, reply) => {
      await sendVerification(identity, principal);
      return reply.code(202).send();
    },
  );
}

function changeEmailRoute(app: App, identity: Identity): void {
  app.post(
    '/v1/auth/change-email',
    {
      config: { access: 'viewer', limit: 'login' },
      schema: {
        tags,
        summary: 'Change my e-mail address',
        description:
          'The new address gets a link, which changes it; the old one is told. Who has no password leaves it out.',
        body: account.EmailBody,
      },
    },
    async ({ principal, body, signal }, reply) => {
      await beginEmailChange(identity, principal, body, signal);
      return reply.code(202).send();
    },
  );
}

function loginRoutes(app: App, identity: Identity): void {
  app.get(
    '/v1/auth/logins',
    {
      config: own,
      schema: {
        tags,
        summary: 'My logins that have not ended',
        querystring: schema.ListQuery,
        response: { 200: account.LoginList },
      },
    },
    async ({ principal, query }) => {
      const page = pageFrom(query);
      const logins = await listLogins(identity, principal, page);
      const present = (row: (typeof logins)[number]) => account.presentLoginRow(row, principal.loginId);
      return pageOf(logins, page.limit, present, ({ id }) => [id]);
    },
  );

  app.delete(
    '/v1/auth/logins',
    { config: own, schema: { tags, summary: 'End all my other logins' } },
    async ({ principal }, reply) => {
      await revokeOtherLogins(identity, principal);
      return reply.code(204).send();
    },
  );

  app.delete(
    '/v1/auth/logins/:id',
    { config: own, schema: { tags, summary: 'End one of my logins', params: account.LoginParams } },
    async ({ principal, params }, reply) => {
      await revokeLogin(identity, principal, params.id);
      return reply.code(204).send();
    },
  );

  app.post(
    '/v1/auth/switch-tenant',
    {
      config: own,
      schema: {
        tags,
        summary: 'Go on in another tenant of mine',
        description: 'With new tokens; those that asked end.',
        body: account.SwitchBody,
        response: { 200: schema.LoginReply },
      },
    },
    async (request, reply) => {
      const switched = await switchTenant(identity, request.principal, request.body.tenant, clientOf(request));
      return unstored(reply).send(schema.presentLogin(switched));
    },
  );
}
