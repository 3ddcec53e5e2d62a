import { Type } from 'typebox';
import type { Principal } from '../../features/identity/index.ts';
import type { App } from '../../platform/http/server.ts';
import type { OpenaiDependencies } from './dependencies.ts';
import { openaiErrors } from './openai.errors.ts';

/** No model here has a date of its own. */
const CREATED = 0;
const Name = Type.String({ minLength: 1, maxLength: 200 });

export function modelRoutes(app: App, { modelsOf }: OpenaiDependencies): void {
  const tags = ['OpenAI'];
  const view = ({ id, provider }: { id: string; provider: string }) => ({
    id,
    object: 'model',
    created: CREATED,
    owned_by: provider,
  });
  const all = async (tenant: Principal['tenant']) => {
    const { embedder, list } = await modelsOf(tenant);
    const listed = list().map(view);
    return embedder
      ? [...listed, view({ id: embedder.id, provider: embedder.id.split('/')[0] ?? embedder.id })]
      : listed;
  };
  app.get(
    '/v1/models',
    { config: { access: 'viewer' }, schema: { tags, summary: 'The models that are known by name' } },
    async ({ principal }) => ({ object: 'list', data: await all(principal.tenant) }),
  );
  const one = async ({ tenant }: Principal, name: string) => {
    const found = (await all(tenant)).find(({ id }) => id === name);
    if (found) return found;
    const message = 'is not a model that is listed here';
    throw openaiErrors.modelNotFound(`"${name}" ${message}; GET /v1/models lists those that are.`, {
      fields: [{ field: 'model', message }],
    });
  };
  app.get(
    '/v1/models/:id',
    {
      config: { access: 'viewer' },
      schema: { tags, summary: 'One model', params: Type.Object({ id: Name }) },
    },
    async ({ principal, params }) => one(principal, params.id),
  );
  // Names have a slash, which not every client writes as %2F.
  app.get(
    '/v1/models/*',
    { config: { access: 'viewer' }, schema: { hide: true, params: Type.Object({ '*': Name }) } },
    async ({ principal, params }) => one(principal, params['*']),
  );
}
