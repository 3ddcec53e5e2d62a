import type { ModelPrice } from './price.ts';

/**
 * The public list prices of providers, in US dollars for a million tokens, as they were known when this version was made.
 * A price that changed since, a discount, or a model that is missing goes into PRICES_FILE, which comes first.
 * Sources: openai.com/api/pricing, anthropic.com/pricing, ai.google.dev/pricing.
 */
export const shippedPrices: readonly ModelPrice[] = [
  chat('openai/gpt-5', [1.25, 0.125, 10], 400_000, 128_000, '2025-08-07'),
  chat('openai/gpt-5-mini', [0.25, 0.025, 2], 400_000, 128_000, '2025-08-07'),
  chat('openai/gpt-5-nano', [0.05, 0.005, 0.4], 400_000, 128_000, '2025-08-07'),
  chat('openai/gpt-5.1', [1.25, 0.125, 10], 400_000, 128_000, '2025-11-13'),
  chat('openai/gpt-4.1', [2, 0.5, 8], 1_047_576, 32_768, '2025-04-14'),
  chat('openai/gpt-4.1-mini', [0.4, 0.1, 1.6], 1_047_576, 32_768, '2025-04-14'),
  chat('openai/gpt-4.1-nano', [0.1, 0.025, 0.4], 1_047_576, 32_768, '2025-04-14'),
  chat('openai/gpt-4o', [2.5, 1.25, 10], 128_000, 16_384, '2024-10-01'),
  chat('openai/gpt-4o-mini', [0.15, 0.075, 0.6], 128_000, 16_384, '2024-10-01'),
  chat('openai/o3', [2, 0.5, 8], 200_000, 100_000, '2025-06-10'),
  chat('openai/o4-mini', [1.1, 0.275, 4.4], 200_000, 100_000, '2025-04-16'),
  chat('openai/o3-mini', [1.1, 0.55, 4.4], 200_000, 100_000, '2025-01-31'),
  vectors('openai/text-embedding-3-small', 0.02, 8_192, '2024-01-25'),
  vectors('openai/text-embedding-3-large', 0.13, 8_192, '2024-01-25'),
  vectors('openai/text-embedding-ada-002', 0.1, 8_192, '2023-06-13'),

  chat('anthropic/claude-opus-4-5', [5, 0.5, 25], 200_000, 64_000, '2025-11-24'),
  chat('anthropic/claude-opus-4-1', [15, 1.5, 75], 200_000, 32_000, '2025-08-05'),
  chat('anthropic/claude-opus-4', [15, 1.5, 75], 200_000, 32_000, '2025-05-22'),
  chat('anthropic/claude-sonnet-4-5', [3, 0.3, 15], 200_000, 64_000, '2025-09-29'),
  chat('anthropic/claude-sonnet-4', [3, 0.3, 15], 200_000, 64_000, '2025-05-22'),
  chat('anthropic/claude-haiku-4-5', [1, 0.1, 5], 200_000, 64_000, '2025-10-15'),
  chat('anthropic/claude-3-7-sonnet', [3, 0.3, 15], 200_000, 64_000, '2025-02-24'),
  chat('anthropic/claude-3-5-haiku', [0.8, 0.08, 4], 200_000, 8_192, '2024-11-04'),

  {
    ...chat('google/gemini-2.5-pro', [1.25, 0.31, 10], 1_048_576, 65_536, '2025-06-17'),
    long: { above: 200_000, input: 2.5, cachedInput: 0.625, output: 15 },
  },
  chat('google/gemini-2.5-flash', [0.3, 0.075, 2.5], 1_048_576, 65_536, '2025-06-17'),
  chat('google/gemini-2.5-flash-lite', [0.1, 0.025, 0.4], 1_048_576, 65_536, '2025-07-22'),
  chat('google/gemini-2.0-flash', [0.1, 0.025, 0.4], 1_048_576, 8_192, '2025-02-05'),
  vectors('google/gemini-embedding-001', 0.15, 2_048, '2025-07-14'),
];

function chat(
  model: string,
  [input, cachedInput, output]: readonly [number, number, number],
  contextWindow: number,
  maxOutput: number,
  validFrom: string,
): ModelPrice {
  return { model, input, cachedInput, output, contextWindow, maxOutput, validFrom };
}

function vectors(model: string, input: number, contextWindow: number, validFrom: string): ModelPrice {
  return { model, input, cachedInput: input, output: 0, contextWindow, maxOutput: 0, validFrom };
}
