import { pageOf } from '../../../platform/http/pagination.ts';
import type { App } from '../../../platform/http/server.ts';
import * as schema from '../identity.schema.ts';
import type { Identity } from '../identity.ts';
import { pageFrom } from '../list-page.ts';
import { createApiKey, listApiKeys, revokeApiKey, rotateApiKey } from './api-key.service.ts';

const tags = ['api-keys'];
/** A viewer may have keys too: they read. That a key cannot make keys is for the service to say. */
const config = { access: 'viewer' } as const;

export function apiKeyRoutes(app: App, identity: Identity): void {
  app.post(
    '/v1/api-keys',
    {
      config,
      schema: { tags, summary: 'Make an API key', body: schema.ApiKeyBody, response: { 201: schema.NewApiKeyReply } },
    },
    async (request, reply) => {
      const { principal } = request;
      const { name, scopes, expires_at } = request.body;
      const expiresAt = expires_at == null ? null : new Date(expires_at);
      const created = await request.once(async () => {
        const { key, row } = await createApiKey(identity, principal, { name, scopes, expiresAt });
        return { ...schema.presentApiKey(row), key };
      });
      return reply.header('cache-control', 'no-store').code(201).send(created);
    },
  );

  app.get(
    '/v1/api-keys',
    {
      config,
      schema: {
        tags,
        summary: 'My API keys in this tenant',
        querystring: schema.ListQuery,
        response: { 200: schema.ApiKeyList },
      },
    },
    async ({ principal, query }) => {
      const page = pageFrom(query);
      const keys = await listApiKeys(identity, principal, page);
      return pageOf(keys, page.limit, schema.presentApiKey, ({ id }) => [id]);
    },
  );

  app.post(
    '/v1/api-keys/:id/rotate',
    {
      config,
      schema: {
        tags,
        summary: 'Give an API key another secret',
        description: 'The one before stays good for a while, so that its users can be told.',
        params: schema.ApiKeyParams,
        body: schema.RotateKeyBody,
        response: { 201: schema.NewApiKeyReply },
      },
    },
    async (request, reply) => {
      const { principal, params, body } = request;
      const rotated = await request.once(async () => {
        const { key, row } = await rotateApiKey(identity, principal, params.id, body?.overlap_minutes);
        return { ...schema.presentApiKey(row), key };
      });
      return reply.header('cache-control', 'no-store').code(201).send(rotated);
    },
  );

  app.delete(
    '/v1/api-keys/:id',
    { config, schema: { tags, summary: 'Revoke an API key', params: schema.ApiKeyParams } },
    async ({ principal, params }, reply) => {
      await revokeApiKey(identity, principal, params.id);
      return reply.code(204).send();
    },
  );
}
