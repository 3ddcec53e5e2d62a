import { anthropicModel } from './anthropic.ts';
import type { ChatModel } from './chat-model.ts';
import type { Embedder } from './embedder.ts';
import type { Timeouts } from './http/deadline.ts';
import type { OpenAiAddress } from './openai-compatible/address.ts';
import { openAiCompatibleModel } from './openai-compatible/chat-model.ts';
import { openAiCompatibleEmbedder } from './openai-compatible/embedder.ts';

/** The settings of the same names, as app/config.ts reads them. */
export type ModelSettings = {
  openaiApiKey: string | null;
  /** Any OpenAI-compatible address. */
  openaiBaseUrl: string | null;
  openrouterApiKey: string | null;
  anthropicApiKey: string | null;
  azureOpenaiApiKey?: string | null;
  /** Of the resource, such as `https://name.openai.azure.com`. */
  azureOpenaiBaseUrl?: string | null;
  googleApiKey?: string | null;
  /** Of Gemini's OpenAI-compatible API. */
  googleBaseUrl?: string | null;
  defaultModel: string | null;
  /** Models to turn to when the asked one fails, in order. */
  fallbackModels?: readonly string[];
  embeddingModel: string | null;
  embeddingBaseUrl: string | null;
  embeddingApiKey: string | null;
  /** The embedder that is to follow. */
  nextEmbeddingModel?: string | null;
  nextEmbeddingBaseUrl?: string | null;
  nextEmbeddingApiKey?: string | null;
  /** Where this installation is seen from; OpenRouter shows it beside the usage of the key. */
  publicUrl?: string | null;
};

/** Settings that contradict each other or lack something; the message names them and the fix. */
export class ModelSettingsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ModelSettingsError';
  }
}

export type Provider = {
  /** The first part of its models' names. */
  name: string;
  /** What answers when nobody names a model. */
  defaultModel: string;
  chatModel(model: string): ChatModel;
  /** Null where it offers no vectors. */
  embedder: ((model: string) => Embedder) | null;
};

export const OPENAI_URL = 'https://api.openai.com/v1';
export const GOOGLE_URL = 'https://generativelanguage.googleapis.com/v1beta/openai';
export const OPENROUTER_URL = 'https://openrouter.ai/api/v1';

/** In the order in which a bare model name looks for its provider. @throws ModelSettingsError */
export function configuredProviders(settings: ModelSettings, timeouts: Partial<Timeouts>): readonly Provider[] {
  const { openaiApiKey, openaiBaseUrl, openrouterApiKey, anthropicApiKey } = settings;
  const providers: Provider[] = [];
  if (openaiApiKey !== null || openaiBaseUrl !== null) {
    const apiKey = openaiApiKey === null ? null : headerValue('OPENAI_API_KEY', openaiApiKey);
    const address = { provider: 'openai', baseUrl: openaiBaseUrl ?? OPENAI_URL, apiKey };
    providers.push(openAiCompatible(address, 'gpt-5-mini', timeouts));
  }
  if (openrouterApiKey !== null) {
    const apiKey = headerValue('OPENROUTER_API_KEY', openrouterApiKey);
    const address = { provider: 'openrouter', baseUrl: OPENROUTER_URL, apiKey, headers: openRouterHeaders(settings) };
    providers.push(openAiCompatible(address, 'openai/gpt-5-mini', timeouts));
  }
  if (anthropicApiKey !== null) providers.push(anthropic(headerValue('ANTHROPIC_API_KEY', anthropicApiKey), timeouts));
  return [...providers, ...azure(settings, timeouts), ...google(settings, timeouts)];
}

/** Azure's v1 API is OpenAI's, under the resource's own address, with the name of a deployment as the model's.
 * https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle */
function azure({ azureOpenaiApiKey, azureOpenaiBaseUrl }: ModelSettings, timeouts: Partial<Timeouts>): Provider[] {
  if (azureOpenaiApiKey == null && azureOpenaiBaseUrl == null) return [];
  if (azureOpenaiApiKey == null || azureOpenaiBaseUrl == null) {
    throw new ModelSettingsError('AZURE_OPENAI_API_KEY and AZURE_OPENAI_BASE_URL belong together: set both, or none.');
  }
  const url = new URL(azureOpenaiBaseUrl);
  if (url.pathname === '/') url.pathname = '/openai/v1';
  const headers = { 'api-key': headerValue('AZURE_OPENAI_API_KEY', azureOpenaiApiKey) };
  return [openAiCompatible({ provider: 'azure', baseUrl: url.href, apiKey: null, headers }, 'gpt-5-mini', timeouts)];
}

/** https://ai.google.dev/gemini-api/docs/openai */
function google({ googleApiKey, googleBaseUrl }: ModelSettings, timeouts: Partial<Timeouts>): Provider[] {
  if (googleApiKey == null) return [];
  const apiKey = headerValue('GOOGLE_API_KEY', googleApiKey);
  const address = { provider: 'google', baseUrl: googleBaseUrl ?? GOOGLE_URL, apiKey };
  return [openAiCompatible(address, 'gemini-2.5-flash', timeouts)];
}

/** https://openrouter.ai/docs/app-attribution */
function openRouterHeaders({ publicUrl }: ModelSettings): Record<string, string> {
  return { 'X-Title': 'Parley', ...(publicUrl && { 'HTTP-Referer': publicUrl }) };
}

function openAiCompatible(address: OpenAiAddress, defaultModel: string, timeouts: Partial<Timeouts>): Provider {
  return {
    name: address.provider,
    defaultModel,
    chatModel: (model) => openAiCompatibleModel({ ...address, model, timeouts }),
    embedder: (model) => openAiCompatibleEmbedder({ ...address, model, timeouts }),
  };
}

function anthropic(apiKey: string, timeouts: Partial<Timeouts>): Provider {
  return {
    name: 'anthropic',
    defaultModel: 'claude-sonnet-4-5',
    chatModel: (model) => anthropicModel({ apiKey, model, timeouts }),
    embedder: null,
  };
}

/** An embedder of its own address, or of the provider that its name says; null where none is configured.
 * @throws ModelSettingsError */
export function configuredEmbedder(
  settings: ModelSettings,
  timeouts: Partial<Timeouts>,
): { embedder: Embedder; provider: string } | null {
  const { embeddingModel: model, embeddingBaseUrl: baseUrl, embeddingApiKey, openaiApiKey } = settings;
  if (model === null) return null;
  if (baseUrl === null) {
    const own = { ...settings, openaiApiKey: embeddingApiKey ?? openaiApiKey };
    return providerEmbedder(model, configuredProviders(own, timeouts));
  }
  const key = embeddingApiKey ?? (isOpenAiAddress(baseUrl, settings) ? openaiApiKey : null);
  const apiKey = key === null ? null : headerValue('EMBEDDING_API_KEY', key);
  const embedder = openAiCompatibleEmbedder({ provider: 'embedding', baseUrl, apiKey, model, timeouts });
  return { embedder, provider: 'embedding' };
}

/** The embedder that is to follow the configured one; what is not set for it is as for that one.
 * @throws ModelSettingsError */
export function nextEmbedder(
  settings: ModelSettings,
  timeouts: Partial<Timeouts>,
): { embedder: Embedder; provider: string } | null {
  const { nextEmbeddingModel: embeddingModel = null, nextEmbeddingBaseUrl, nextEmbeddingApiKey } = settings;
  if (embeddingModel === null) return null;
  const current = configuredEmbedder(settings, timeouts);
  if (!current) throw new ModelSettingsError('NEXT_EMBEDDING_MODEL needs EMBEDDING_MODEL: it is to follow that one.');
  const embeddingBaseUrl = nextEmbeddingBaseUrl ?? settings.embeddingBaseUrl;
  const sameServer = embeddingBaseUrl === settings.embeddingBaseUrl;
  const embeddingApiKey = nextEmbeddingApiKey ?? (sameServer ? settings.embeddingApiKey : null);
  const next = configuredEmbedder({ ...settings, embeddingModel, embeddingBaseUrl, embeddingApiKey }, timeouts);
  if (next?.embedder.id === current.embedder.id) {
    throw new ModelSettingsError('NEXT_EMBEDDING_MODEL must be another model than EMBEDDING_MODEL.');
  }
  return next;
}

/** A key goes to the server that it was given for, and to no other. */
export function isOpenAiAddress(baseUrl: string, { openaiBaseUrl }: ModelSettings): boolean {
  return new URL(baseUrl).origin === new URL(openaiBaseUrl ?? OPENAI_URL).origin;
}

function providerEmbedder(name: string, providers: readonly Provider[]): { embedder: Embedder; provider: string } {
  const named = providers.find((provider) => name.startsWith(`${provider.name}/`));
  const provider = named ?? providers.find(({ embedder }) => embedder !== null);
  if (!provider?.embedder)
    throw new ModelSettingsError(
      `EMBEDDING_MODEL is ${name}, but nothing that is configured offers vectors: set EMBEDDING_BASE_URL, or OPENAI_API_KEY.`,
    );
  const model = named ? name.slice(named.name.length + 1) : name;
  return { embedder: provider.embedder(model), provider: provider.name };
}

function headerValue(setting: string, key: string): string {
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new ModelSettingsError(`${setting} has a character that no key has, such as a space or a line break.`);
}
