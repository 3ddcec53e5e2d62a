import { type CircuitBreaker, circuitBreaker } from '../platform/resilience/circuit-breaker.ts';
import { batchedEmbedder } from './batched-embedder.ts';
import type { ChatModel, ModelError } from './chat-model.ts';
import type { Embedder } from './embedder.ts';
import { extractiveModel } from './extractive/extractive-model.ts';
import type { Timeouts } from './http/deadline.ts';
import {
  configuredEmbedder,
  configuredProviders,
  type ModelSettings,
  nextEmbedder,
  type Provider,
} from './providers.ts';
import { DEFAULT_RETRIES, type RetryPolicy } from './resilience/model-faults.ts';
import { withCircuitBreaker, withEmbedderCircuitBreaker } from './resilience/with-circuit-breaker.ts';
import { withFallback } from './resilience/with-fallback.ts';
import { withEmbedderRetries, withRetries } from './resilience/with-retries.ts';
import { tracedEmbedder, tracedModel } from './traced-model.ts';

export type ModelRegistry = {
  /** The model of that name, or the default one: behind its provider's circuit breaker, with retries and the fallbacks.
   * @throws UnknownModelError */
  resolve(name: string | null): ChatModel;
  /** The models that are known by name: the default one first, `extractive` last. Providers may offer more. */
  list(): readonly ListedModel[];
  /** Null where no model for vectors is configured. */
  readonly embedder: Embedder | null;
  /** The one that is to follow it; absent where there is none. */
  readonly nextEmbedder?: Embedder | null;
};

export type ListedModel = { id: string; provider: string };

export type RegistryOptions = {
  /** Providers whose keys are a tenant's own. */
  paidByTenant?: ReadonlySet<string>;
  retries?: Partial<RetryPolicy>;
  timeouts?: Partial<Timeouts>;
  /** Told of what does not surface as an error, for log and metrics. */
  onRetry?: (error: unknown, attempt: number, delay: number) => void;
  onFallback?: (error: ModelError, from: string, to: string) => void;
  /** The breaker of a provider; the registry makes its own where it is left out. */
  breaker?: (provider: string) => CircuitBreaker;
};

/** A name that no configured provider stands behind. The message is for whoever gave the name. */
export class UnknownModelError extends Error {
  constructor(name: string, providers: readonly Provider[]) {
    const known = [...providers.map((provider) => `${provider.name}/…`), EXTRACTIVE].join(', ');
    super(`"${name.slice(0, 100)}" is not the name of a model here. Write provider/model; configured are: ${known}.`);
    this.name = 'UnknownModelError';
  }
}

const EXTRACTIVE = 'extractive';

/** @throws ModelSettingsError, UnknownModelError when a setting names what the others don't offer */
export function createModelRegistry(settings: ModelSettings, options: RegistryOptions = {}): ModelRegistry {
  const providers = configuredProviders(settings, options.timeouts ?? {});
  const breakerOf = options.breaker ?? breakers();
  const retries: RetryPolicy = {
    ...DEFAULT_RETRIES,
    ...options.retries,
    ...(options.onRetry && { onRetry: options.onRetry }),
  };
  /** The ports of this package need no `this`. */
  const paidBy = <Port extends ChatModel | Embedder>(port: Port, provider: string): Port =>
    options.paidByTenant?.has(provider) ? { ...port, paidBy: 'tenant' } : port;
  const modelOf = kept((id: string): ChatModel => {
    if (id === EXTRACTIVE) return tracedModel(extractiveModel());
    const { provider, model } = parse(id, providers);
    const one = paidBy(provider.chatModel(model), provider.name);
    return tracedModel(withRetries(withCircuitBreaker(one, breakerOf(provider.name)), retries));
  });
  const fallbacks = (settings.fallbackModels ?? []).map((name) => idOf(name, providers));
  const defaultId = defaultModelId(settings, providers);
  const robust = (found: ReturnType<typeof configuredEmbedder>, breaker: string) =>
    found &&
    batchedEmbedder(
      tracedEmbedder(
        withEmbedderRetries(
          withEmbedderCircuitBreaker(paidBy(found.embedder, found.provider), breakerOf(breaker)),
          retries,
        ),
      ),
    );
  const vectors = configuredEmbedder(settings, options.timeouts ?? {});
  const next = nextEmbedder(settings, options.timeouts ?? {});

  return {
    resolve(name) {
      const id = name === null ? defaultId : idOf(name, providers);
      if (id === EXTRACTIVE) return modelOf(id);
      const others = fallbacks.filter((fallback) => fallback !== id);
      return withFallback(
        [modelOf(id), ...others.map(modelOf)],
        options.onFallback ? { onFallback: options.onFallback } : {},
      );
    },
    list: () =>
      [...new Set([defaultId, ...fallbacks, EXTRACTIVE])].map((id) => ({ id, provider: id.split('/')[0] ?? id })),
    embedder: robust(vectors, vectors?.provider ?? ''),
    nextEmbedder: robust(next, `${next?.provider}-next`),
  };
}

type Named = { id: string; provider: Provider; model: string };

/** @throws UnknownModelError */
function idOf(name: string, providers: readonly Provider[]): string {
  return name === EXTRACTIVE ? EXTRACTIVE : parse(name, providers).id;
}

/** `provider/model`; a bare name goes to the first provider. @throws UnknownModelError */
function parse(name: string, providers: readonly Provider[]): Named {
  const slash = name.indexOf('/');
  const provider = slash === -1 ? providers[0] : providers.find((one) => one.name === name.slice(0, slash));
  const model = name.slice(slash + 1);
  // Names come from requests: what is not printable, or endless, is no name.
  if (!provider || !/^[!-~]{1,200}$/.test(model)) throw new UnknownModelError(name, providers);
  return { id: `${provider.name}/${model}`, provider, model };
}

function defaultModelId({ defaultModel }: ModelSettings, providers: readonly Provider[]): string {
  if (defaultModel !== null) return idOf(defaultModel, providers);
  const [first] = providers;
  return first ? `${first.name}/${first.defaultModel}` : EXTRACTIVE;
}

/** One breaker for each provider, whatever is asked of it. */
function breakers(): (provider: string) => CircuitBreaker {
  const made = new Map<string, CircuitBreaker>();
  return (provider) => {
    const breaker = made.get(provider) ?? circuitBreaker();
    made.set(provider, breaker);
    return breaker;
  };
}

/** Users choose names, so that there has to be an end to what is kept of them. */
const MOST_KEPT = 200;

/** What was learnt about a model (see Refusals) is learnt once, as long as it is in use. */
function kept(make: (id: string) => ChatModel): (id: string) => ChatModel {
  const models = new Map<string, ChatModel>();
  return (id) => {
    const model = models.get(id) ?? make(id);
    models.delete(id);
    models.set(id, model);
    const [oldest] = models.keys();
    if (models.size > MOST_KEPT && oldest !== undefined) models.delete(oldest);
    return model;
  };
}
