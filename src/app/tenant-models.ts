import type { ModelRegistry, RegistryOptions } from '../ai/model-registry.ts';
import { registryWithOwnKeys } from '../ai/own-keys.ts';
import type { ModelSettings } from '../ai/providers.ts';
import type { ProviderKeys, Tenant } from '../features/tenancy/index.ts';
import type { Meter } from '../features/usage/index.ts';
import { createBoundedCache } from '../platform/cache/bounded-cache.ts';

/** The models as a tenant sees them: with its own keys, where it has some. */
export type ModelsOf = (tenant: Pick<Tenant, 'id'>) => Promise<ModelRegistry>;

/** Registries of tenants with keys of their own that are kept; some kilobytes each. */
const MOST_KEPT = 1_000;

export function createModelsOf(deps: {
  settings: ModelSettings;
  installation: ModelRegistry;
  keys: Pick<ProviderKeys, 'keysOf'>;
  options: Pick<RegistryOptions, 'onRetry' | 'onFallback'>;
}): ModelsOf {
  const { settings, installation, keys, options } = deps;
  // What a registry has learnt, its circuits above all, is kept for as long as the keys are the same.
  const kept = createBoundedCache<{ version: string; registry: ModelRegistry }>(MOST_KEPT);
  return async ({ id }) => {
    const own = await keys.keysOf({ id });
    if (own === null) return installation;
    const known = kept.get(id);
    if (known?.version === own.version) return known.registry;
    const registry = registryWithOwnKeys(settings, installation, own.keys, options);
    kept.set(id, { version: own.version, registry });
    return registry;
  };
}

/** The same meter; whatever model or embedder it is given, the tenant that pays is answered with its own keys. */
export function withOwnKeys(meter: Meter, installation: ModelRegistry, modelsOf: ModelsOf): Meter {
  return {
    ...meter,
    model: (model, call) => ({
      id: model.id,
      async *stream(request) {
        const own = await modelsOf(call.tenant);
        yield* meter.model(own === installation ? model : own.resolve(model.id), call).stream(request);
      },
    }),
    embedder: (embedder, call) => ({
      id: embedder.id,
      async embed(texts, signal, onUsage) {
        const { embedder: own } = await modelsOf(call.tenant);
        return meter.embedder(own?.id === embedder.id ? own : embedder, call).embed(texts, signal, onUsage);
      },
    }),
  };
}
