import { type Static, Type } from 'typebox';
import { pageOf } from '../../../platform/http/pagination.ts';
import { words } from '../../../platform/http/schema.ts';
import type { App } from '../../../platform/http/server.ts';
import { ROLES } from '../identity.policy.ts';
import * as schema from '../identity.schema.ts';
import type { Identity } from '../identity.ts';
import { pageFrom } from '../list-page.ts';
import {
  createServiceAccount,
  createServiceAccountKey,
  listServiceAccountKeys,
  listServiceAccounts,
  type ServiceAccount,
} from './service-account.service.ts';

const tags = ['service-accounts'];
const config = { access: 'admin' } as const;
const { closed, Id, Time } = schema;
const Body = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 255 }), role: Type.Optional(words(ROLES)) },
  closed,
);
const Account = Type.Object(
  { id: Id, name: Type.String(), role: words(ROLES), is_active: Type.Boolean(), created_at: Time },
  closed,
);

function present({ id, full_name, role, is_active, created_at }: ServiceAccount): Static<typeof Account> {
  return { id, name: full_name ?? '', role, is_active, created_at: created_at.toISOString() };
}

/** Principals without a person. Their role and access are changed, and they are removed, at /v1/users/{id}. */
export function serviceAccountRoutes(app: App, identity: Identity): void {
  app.post(
    '/v1/service-accounts',
    { config, schema: { tags, summary: 'Make a service account', body: Body, response: { 201: Account } } },
    async (request, reply) => {
      const { name, role = 'member' } = request.body;
      const { principal } = request;
      const made = await request.once(async () =>
        present(await createServiceAccount(identity, principal, { name, role })),
      );
      return reply.code(201).send(made);
    },
  );

  app.get(
    '/v1/service-accounts',
    {
      config,
      schema: {
        tags,
        summary: 'The service accounts of my tenant',
        description: 'Their role and access are changed, and they are removed, at /v1/users/{id}.',
        querystring: schema.ListQuery,
        response: { 200: schema.list(Account) },
      },
    },
    async ({ principal, query }) => {
      const page = pageFrom(query);
      return pageOf(await listServiceAccounts(identity, principal, page), page.limit, present, ({ id }) => [id]);
    },
  );

  app.post(
    '/v1/service-accounts/:id/api-keys',
    {
      config,
      schema: {
        tags,
        summary: 'Make an API key of a service account',
        params: schema.ApiKeyParams,
        body: schema.ApiKeyBody,
        response: { 201: schema.NewApiKeyReply },
      },
    },
    async (request, reply) => {
      const { principal, params } = request;
      const { name, scopes, expires_at } = request.body;
      const expiresAt = expires_at == null ? null : new Date(expires_at);
      const made = await request.once(async () => {
        const input = { name, scopes, expiresAt };
        const { key, row } = await createServiceAccountKey(identity, principal, params.id, input);
        return { ...schema.presentApiKey(row), key };
      });
      return reply.header('cache-control', 'no-store').code(201).send(made);
    },
  );

  app.get(
    '/v1/service-accounts/:id/api-keys',
    {
      config,
      schema: {
        tags,
        summary: 'The API keys of a service account',
        params: schema.ApiKeyParams,
        querystring: schema.ListQuery,
        response: { 200: schema.ApiKeyList },
      },
    },
    async ({ principal, params, query }) => {
      const page = pageFrom(query);
      const keys = await listServiceAccountKeys(identity, principal, params.id, page);
      return pageOf(keys, page.limit, schema.presentApiKey, ({ id }) => [id]);
    },
  );
}
