import type { ModelSettings } from './providers.ts';

/** Of an installation, in tests, that has set up no provider. */
export const NO_PROVIDERS: ModelSettings = {
  openaiApiKey: null,
  openaiBaseUrl: null,
  openrouterApiKey: null,
  anthropicApiKey: null,
  defaultModel: null,
  embeddingModel: null,
  embeddingBaseUrl: null,
  embeddingApiKey: null,
};
