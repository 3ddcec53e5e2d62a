import { ANTHROPIC_URL } from './anthropic.ts';
import { createModelRegistry, type ModelRegistry, type RegistryOptions } from './model-registry.ts';
import { GOOGLE_URL, isOpenAiAddress, type ModelSettings, OPENAI_URL, OPENROUTER_URL } from './providers.ts';

/** A provider for which somebody may bring a key of their own, and where the key is sent. */
export type KeyedProvider = { readonly name: string; readonly address: string };

/** Keys by the name of their provider. */
export type OwnKeys = Readonly<Record<string, string>>;

/** Each provider at the address that the installation has for it: a key must not go to another. */
export function keyedProviders(settings: ModelSettings): readonly KeyedProvider[] {
  const { azureOpenaiBaseUrl } = settings;
  return [
    { name: 'anthropic', address: ANTHROPIC_URL },
    // A resource of the installation's: without its address, nobody knows which.
    ...(azureOpenaiBaseUrl == null ? [] : [{ name: 'azure', address: azureOpenaiBaseUrl }]),
    { name: 'google', address: settings.googleBaseUrl ?? GOOGLE_URL },
    { name: 'openai', address: settings.openaiBaseUrl ?? OPENAI_URL },
    { name: 'openrouter', address: OPENROUTER_URL },
  ];
}

/** What a key may be made of: it is sent as a header. */
export const PROVIDER_KEY = '^[\\x21-\\x7e]{8,500}$';

/**
 * The models of somebody who has keys of their own: each of these takes the place of the installation's, and their
 * providers are there even where the installation has none. The default model and the space of vectors stay the
 * installation's. Circuits are their own, too: a key that fails must not pause others.
 */
export function registryWithOwnKeys(
  settings: ModelSettings,
  installation: ModelRegistry,
  keys: OwnKeys,
  options: Pick<RegistryOptions, 'onRetry' | 'onFallback' | 'timeouts'> = {},
): ModelRegistry {
  const { openai, openrouter, anthropic, google, azure } = keys;
  const [usual] = installation.list();
  const embedsWithOpenai = openai !== undefined && sendsVectorsToOpenai(settings);
  const own: ModelSettings = {
    ...settings,
    openaiApiKey: openai ?? settings.openaiApiKey,
    openrouterApiKey: openrouter ?? settings.openrouterApiKey,
    anthropicApiKey: anthropic ?? settings.anthropicApiKey,
    googleApiKey: google ?? settings.googleApiKey ?? null,
    azureOpenaiApiKey: azure ?? settings.azureOpenaiApiKey ?? null,
    embeddingApiKey: embedsWithOpenai ? null : settings.embeddingApiKey,
    defaultModel: settings.defaultModel ?? (usual && usual.id !== 'extractive' ? usual.id : null),
  };
  const paidByTenant = new Set([...Object.keys(keys), ...(embedsWithOpenai ? ['embedding'] : [])]);
  const registry = createModelRegistry(own, { ...options, paidByTenant });
  // Another embedder's vectors would be another space than the one that the tenant's documents are in.
  const sameSpace = registry.embedder?.id === installation.embedder?.id;
  return { ...registry, embedder: sameSpace ? registry.embedder : installation.embedder };
}

function sendsVectorsToOpenai(settings: ModelSettings): boolean {
  const { embeddingBaseUrl } = settings;
  return embeddingBaseUrl === null || isOpenAiAddress(embeddingBaseUrl, settings);
}
