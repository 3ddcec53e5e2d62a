import type { TokenUsage } from '../../../ai/chat-model.ts';

/** US dollars for a million tokens. */
export type Rates = { input: number; cachedInput: number; output: number };

/** What a model costs, and how much it can at most say: a snapshot of it stands in each entry of the ledger. */
export type ModelPrice = Rates & {
  /** `provider/model`. */
  model: string;
  /** Tokens of one request, input and output together. */
  contextWindow: number;
  /** Tokens of one answer; 0 for models that make vectors. */
  maxOutput: number;
  /** The first day, in UTC, on which it holds: `2026-01-31`. */
  validFrom: string;
  /** Dearer rates for a whole request whose input is longer than `above` tokens, where the provider has them. */
  long?: Rates & { above: number };
};

/** Billionths of a US dollar: whole numbers, so that sums are exact. A dollar for a million tokens is 1,000 for one. */
export type Nanos = number;

export const NANOS_PER_USD = 1_000_000_000;
const NANOS_PER_TOKEN = 1_000;

export function usdOf(nanos: Nanos): number {
  return nanos / NANOS_PER_USD;
}

/** Rounded up: a budget must not lose by it. */
export function nanosOf(usd: number): Nanos {
  return wholeNanos(usd * NANOS_PER_USD);
}

/** 0.1 · 10⁹ is not whole in binary; what is off by less than a millionth of a nano is meant to be. */
function wholeNanos(nanos: number): Nanos {
  return Math.max(0, Math.ceil(nanos - 1e-6));
}

/** The price of what was used. */
export function costOf(price: ModelPrice, { inputTokens, cachedInputTokens = 0, outputTokens }: TokenUsage): Nanos {
  const { input, cachedInput, output } = ratesFor(price, inputTokens);
  const usdPerMillion =
    (inputTokens - cachedInputTokens) * input + cachedInputTokens * cachedInput + outputTokens * output;
  return wholeNanos(usdPerMillion * NANOS_PER_TOKEN);
}

/** The highest price of a call: nothing cached, and as much said as may be. */
export function highestCost(price: ModelPrice, bound: { inputTokens: number; outputTokens: number }): Nanos {
  const short = costOf(price, { ...bound, inputTokens: Math.min(bound.inputTokens, price.long?.above ?? Infinity) });
  return Math.max(short, costOf(price, bound));
}

function ratesFor({ long, ...base }: ModelPrice, inputTokens: number): Rates {
  return long && inputTokens > long.above ? long : base;
}
