import { type Static, Type } from 'typebox';
import { PROVIDER_KEY } from '../../../ai/own-keys.ts';
import { nullable } from '../../../platform/http/schema.ts';
import type { App } from '../../../platform/http/server.ts';
import type { ProviderKeyState, ProviderKeys } from './provider-key.service.ts';

const tags = ['tenants'];
const closed = { additionalProperties: false };
const Params = Type.Object({ provider: Type.String({ minLength: 1, maxLength: 50 }) }, closed);
const KeyBody = Type.Object(
  { key: Type.String({ pattern: PROVIDER_KEY, description: 'Kept sealed, and never shown again.' }) },
  closed,
);
const KeyView = Type.Object(
  {
    provider: Type.String(),
    address: Type.String({ description: 'Where the key is sent.' }),
    hint: nullable(Type.String(), { description: 'Its last characters; null without a key of my own.' }),
    set_at: nullable(Type.String({ format: 'date-time' })),
  },
  { title: 'ProviderKey' },
);
const KeyList = Type.Object({ data: Type.Array(KeyView), next_cursor: Type.Null() });

/** `/v1/tenants/current/provider-keys`. */
export function providerKeyRoutes(app: App, keys: ProviderKeys): void {
  const config = { access: 'admin' } as const;
  app.get(
    '/v1/tenants/current/provider-keys',
    {
      config,
      schema: { tags, summary: 'For which providers my tenant has keys of its own', response: { 200: KeyList } },
    },
    async ({ principal }) => ({ data: (await keys.list(principal.tenant)).map(present), next_cursor: null }),
  );
  app.put(
    '/v1/tenants/current/provider-keys/:provider',
    {
      config,
      schema: {
        tags,
        summary: 'Set or replace my tenant’s key of a model provider',
        description:
          'From then on all that the tenant asks of this provider is asked with this key: answers, and vectors where they come from there. What it costs is counted in the tenant’s usage and its own budgets, not in those that the operator gives.',
        params: Params,
        body: KeyBody,
        response: { 200: KeyView },
      },
    },
    async ({ principal, params, body }) =>
      present(await keys.set(principal.tenant, params.provider, body.key, principal)),
  );
  app.delete(
    '/v1/tenants/current/provider-keys/:provider',
    { config, schema: { tags, summary: 'Remove my tenant’s key of a model provider', params: Params } },
    async ({ principal, params }, reply) => {
      await keys.remove(principal.tenant, params.provider, principal);
      return reply.code(204).send();
    },
  );
}

function present({ provider, address, hint, setAt }: ProviderKeyState): Static<typeof KeyView> {
  return { provider, address, hint, set_at: setAt?.toISOString() ?? null };
}
