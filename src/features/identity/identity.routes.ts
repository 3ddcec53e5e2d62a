import { callerAddress } from '../../platform/http/caller-address.ts';
import { requestErrors } from '../../platform/http/errors.ts';
import { pageOf } from '../../platform/http/pagination.ts';
import { originOf } from '../../platform/http/request-origin.ts';
import type { App } from '../../platform/http/server.ts';
import { accountRoutes } from './account.routes.ts';
import { apiKeyRoutes } from './api-key/api-key.routes.ts';
import { authErrors, challenge } from './identity.errors.ts';
import * as schema from './identity.schema.ts';
import { describePrincipal, listTenantsOf, register } from './identity.service.ts';
import type { Identity } from './identity.ts';
import { invitationRoutes } from './invitation/invitation.routes.ts';
import { pageFrom } from './list-page.ts';
import { clientOf, unstored } from './login-reply.routes.ts';
import { memberRoutes } from './member/member.routes.ts';
import { oauthRoutes } from './oauth/oauth.routes.ts';
import { bearerOf } from './principal.ts';
import { secondFactorRoutes } from './second-factor/second-factor.routes.ts';
import { serviceAccountRoutes } from './service-account/service-account.routes.ts';
import { signingKeyRoutes } from './signing-key/signing-key.routes.ts';
import { login, logout, refresh } from './token/login.service.ts';
import { visitorRoutes } from './visitor/visitor.routes.ts';

/** `/v1/auth/*`, `/v1/tenants`, `/v1/users`, `/v1/api-keys` and what belongs to them. */
export function identityRoutes(app: App, identity: Identity): void {
  authRoutes(app, identity);
  accountRoutes(app, identity);
  secondFactorRoutes(app, identity);
  oauthRoutes(app, identity);
  tenantListRoute(app, identity);
  memberRoutes(app, identity);
  invitationRoutes(app, identity);
  serviceAccountRoutes(app, identity);
  apiKeyRoutes(app, identity);
  signingKeyRoutes(app, identity);
  visitorRoutes(app, identity);
}

const tags = ['auth'];
const publicly = { access: 'public' } as const;

function authRoutes(app: App, identity: Identity): void {
  app.post(
    '/v1/auth/register',
    {
      config: { access: 'public', limit: 'register' },
      schema: {
        tags,
        summary: 'Make an account, with a tenant of its own',
        body: schema.RegisterBody,
        response: { 201: schema.AccountReply },
      },
    },
    async (request, reply) => {
      const { full_name: fullName, ...account } = request.body;
      const { signal } = request;
      const { user, tenant } = await register(identity, { ...account, fullName }, signal, originOf(request));
      return reply.code(201).send({ user: schema.presentUser(user), tenant: schema.presentTenant(tenant) });
    },
  );

  app.post(
    '/v1/auth/login',
    {
      config: { access: 'public', limit: 'login' },
      schema: {
        tags,
        summary: 'Log in with a password',
        body: schema.LoginBody,
        response: { 200: schema.LoginReply },
      },
    },
    async (request, reply) => {
      const { password, tenant, remember_me: rememberMe } = request.body;
      const name = accountName(request.body);
      const address = callerAddress(request);
      const input = { name, password, tenant, rememberMe, address, client: clientOf(request) };
      const started = await login(identity, input, request.signal);
      return unstored(reply).send(schema.presentLogin(started));
    },
  );

  app.post(
    '/v1/auth/refresh',
    {
      config: publicly,
      schema: {
        tags,
        summary: 'Spend a refresh token for new tokens',
        description: 'Never refresh in parallel: a token that comes twice ends the login.',
        body: schema.RefreshBody,
        response: { 200: schema.LoginReply },
      },
    },
    async (request, reply) => {
      const renewed = await refresh(identity, tokenOf(request.body, request.headers.authorization), originOf(request));
      return unstored(reply).send(schema.presentLogin(renewed));
    },
  );

  app.post(
    '/v1/auth/logout',
    {
      config: publicly,
      schema: {
        tags,
        summary: 'End a login',
        description: 'By its refresh token, or by an access token as the bearer. To repeat it is no fault.',
        body: schema.RefreshBody,
      },
    },
    async (request, reply) => {
      await logout(identity, tokenOf(request.body, request.headers.authorization), originOf(request));
      return reply.code(204).send();
    },
  );

  app.get(
    '/v1/auth/me',
    {
      config: { access: 'viewer' },
      schema: { tags, summary: 'Who I am', response: { 200: schema.AccountReply } },
    },
    async ({ principal }) => {
      const { user, tenant } = await describePrincipal(identity, principal);
      return { user: schema.presentUser(user), tenant: schema.presentTenant(tenant) };
    },
  );
}

function tenantListRoute(app: App, identity: Identity): void {
  app.get(
    '/v1/tenants',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['tenants'],
        summary: 'The tenants I am in',
        querystring: schema.ListQuery,
        response: { 200: schema.TenantList },
      },
    },
    async ({ principal, query }) => {
      const page = pageFrom(query);
      const tenants = await listTenantsOf(identity, principal, page);
      return pageOf(tenants, page.limit, schema.presentTenant, ({ id }) => [id]);
    },
  );
}

function accountName({ email, username }: schema.LoginBody): string {
  const name = email ?? username;
  if (name !== undefined && (email === undefined || username === undefined)) return name;
  const message = 'is required, or username instead of it, but not both';
  throw requestErrors.invalid(`email ${message}`, { fields: [{ field: 'email', message }] });
}

function tokenOf(body: schema.RefreshBody, authorization: string | undefined): string {
  const token = body?.refresh_token ?? (authorization === undefined ? null : bearerOf(authorization));
  if (token !== null) return token;
  throw authErrors.credentialRequired('Send refresh_token in the body, or as Authorization: Bearer.', challenge.absent);
}
