import type { ChatModel } from './chat-model.ts';
import { DEFAULT_TIMEOUTS, type Timeouts } from './http/deadline.ts';
import { upstreamFetch } from './http/upstream-fetch.ts';

export const ANTHROPIC_URL = 'https://api.anthropic.com/v1';

export type AnthropicOptions = { apiKey: string; model: string; baseUrl?: string; timeouts?: Partial<Timeouts> };

/** A Claude model. Its package is loaded at the first question: 0.1 s and 24 MB that most installations never need. */
export function anthropicModel(options: AnthropicOptions): ChatModel {
  let loading: Promise<ChatModel> | null = null;
  return {
    id: `anthropic/${options.model}`,
    async *stream(request) {
      loading ??= load(options);
      const model = await loading;
      yield* model.stream(request);
    },
  };
}

async function load({ apiKey, model, baseUrl, timeouts }: AnthropicOptions): Promise<ChatModel> {
  const [{ createAnthropic }, { fromLanguageModel }] = await Promise.all([
    import('@ai-sdk/anthropic'),
    import('./language-model/from-language-model.ts'),
  ]);
  // The address is always given: the package would read the environment otherwise, and app/config.ts is its only reader.
  const baseURL = baseUrl ?? ANTHROPIC_URL;
  const times = { ...DEFAULT_TIMEOUTS, ...timeouts };
  const fetch = upstreamFetch({ provider: 'anthropic', timeouts: times });
  return fromLanguageModel(createAnthropic({ apiKey, baseURL, fetch })(model), {
    provider: 'anthropic',
    passesOver: isUnknownEvent,
    // Its fetch watches for silence, and hears the pings that the package keeps to itself.
    timeouts: { ...times, firstByte: times.total, idle: times.total },
  });
}

const EVENTS: ReadonlySet<unknown> = new Set([
  'message_start',
  'message_delta',
  'message_stop',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'error',
  'ping',
]);

/** New kinds of events may come at any time: https://docs.anthropic.com/en/api/versioning */
function isUnknownEvent(value: unknown): boolean {
  const { type } = (value ?? {}) as { type?: unknown };
  return typeof type === 'string' && !EVENTS.has(type);
}
