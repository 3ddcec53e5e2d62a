import type { App } from '../../../platform/http/server.ts';
import { LoginReply, presentLogin } from '../identity.schema.ts';
import type { Identity } from '../identity.ts';
import { clientOf, unstored } from '../login-reply.routes.ts';
import { listLinkedProviders, unlinkProvider } from './linked-providers.service.ts';
import * as schema from './oauth.schema.ts';
import { finishOauth, startOauth } from './oauth.service.ts';

const tags = ['auth'];

/** Sign-in at Google, GitHub or an OpenID Connect provider. */
export function oauthRoutes(app: App, identity: Identity): void {
  app.get(
    '/v1/auth/providers',
    {
      config: { access: 'public' },
      schema: {
        tags,
        summary: 'By what one can sign in here besides a password',
        response: { 200: schema.ProvidersReply },
      },
    },
    async () => {
      const data = [...identity.providers.values()].map(({ name, label }) => ({ name, label }));
      return { data, mail: identity.outbox !== null };
    },
  );

  app.post(
    '/v1/auth/oauth/start',
    {
      config: { access: 'public', limit: 'login' },
      schema: {
        tags,
        summary: 'Begin a sign-in at a provider',
        body: schema.StartBody,
        response: { 200: schema.StartReply },
      },
    },
    async ({ body }, reply) => {
      const { provider, redirect_uri: redirectUri, remember_me: rememberMe } = body;
      const started = await startOauth(identity, { provider, redirectUri, rememberMe });
      const { authorizationUrl, state, browserToken } = started;
      return unstored(reply).send({ authorization_url: authorizationUrl, state, browser_token: browserToken });
    },
  );

  app.post(
    '/v1/auth/oauth/callback',
    {
      config: { access: 'public', limit: 'login' },
      schema: {
        tags,
        summary: 'Finish a sign-in at a provider',
        description: 'With the query that it sent the browser back with. A state is good once.',
        body: schema.CallbackBody,
        response: { 200: LoginReply },
      },
    },
    async (request, reply) => {
      const { provider, browser_token: browserToken, ...query } = request.body;
      const answer = new URLSearchParams(query);
      const finish = { provider, state: query.state, browserToken, answer, client: clientOf(request) };
      return unstored(reply).send(presentLogin(await finishOauth(identity, finish)));
    },
  );
  linkedRoutes(app, identity);
}

function linkedRoutes(app: App, identity: Identity): void {
  app.get(
    '/v1/auth/external-identities',
    {
      config: { access: 'viewer' },
      schema: { tags, summary: 'Providers that my account is linked with', response: { 200: schema.LinkedList } },
    },
    async ({ principal }) => {
      const rows = await listLinkedProviders(identity, principal);
      return { data: rows.map((row) => ({ ...row, created_at: row.created_at.toISOString() })), next_cursor: null };
    },
  );
  app.delete(
    '/v1/auth/external-identities/:provider',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'Unlink a provider from my account',
        description: 'Refused where it is the only way in.',
        params: schema.LinkedParams,
      },
    },
    async ({ principal, params }, reply) => {
      await unlinkProvider(identity, principal, params.provider);
      return reply.code(204).send();
    },
  );
}
