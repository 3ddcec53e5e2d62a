import { oneOf, setting, text, url } from './setting.ts';

/** Settings of the models that make vectors. */

const optional = <Value>(read: (value: string) => Value): ((value: string) => Value | null) => read;
const none = null as string | null;

export const embeddingSettings = {
  embeddingModel: setting(
    'EMBEDDING_MODEL',
    optional(text),
    none,
    'Model for vectors. Unset: search is by words only, and says so.',
  ),
  embeddingBaseUrl: setting(
    'EMBEDDING_BASE_URL',
    optional(url('http:', 'https:')),
    none,
    'OpenAI-compatible address for EMBEDDING_MODEL. Unset: OPENAI_BASE_URL.',
  ),
  embeddingApiKey: setting(
    'EMBEDDING_API_KEY',
    optional(text),
    none,
    'Key for it. Unset: OPENAI_API_KEY, where the address is the same server.',
    {
      secret: true,
    },
  ),
  nextEmbeddingModel: setting(
    'NEXT_EMBEDDING_MODEL',
    optional(text),
    none,
    'Model for vectors that is to follow EMBEDDING_MODEL: its vectors are made while the others serve.',
  ),
  nextEmbeddingBaseUrl: setting(
    'NEXT_EMBEDDING_BASE_URL',
    optional(url('http:', 'https:')),
    none,
    'OpenAI-compatible address for NEXT_EMBEDDING_MODEL. Unset: EMBEDDING_BASE_URL.',
  ),
  nextEmbeddingApiKey: setting(
    'NEXT_EMBEDDING_API_KEY',
    optional(text),
    none,
    'Key for it. Unset: EMBEDDING_API_KEY, where the address is the same server.',
    { secret: true },
  ),
  embeddingSwitch: setting(
    'EMBEDDING_SWITCH',
    oneOf('auto', 'manual'),
    'auto',
    'Whether searches change to NEXT_EMBEDDING_MODEL by themselves once it has a vector of everything, tenant by tenant.',
  ),
} as const;
