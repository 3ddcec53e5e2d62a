import type { ModelPrice } from './price.ts';

/** A file of prices that cannot be used: each fault names its entry and its field. */
export class PricesFileError extends Error {
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(faults.join('; '));
    this.name = 'PricesFileError';
    this.faults = faults;
  }
}

/**
 * Reads the operator's prices: `[{"model": "openai/gpt-5", "input": 1.25, "cached_input": 0.125, "output": 10,
 * "context_window": 400000, "max_output": 128000, "valid_from": "2026-01-31"}]`, in US dollars for a million tokens.
 * `cached_input` is `input` where it is left out, `valid_from` ever since.
 * @throws PricesFileError with every fault at once
 */
export function readPrices(text: string): ModelPrice[] {
  const parsed = parse(text);
  if (!Array.isArray(parsed)) throw new PricesFileError(['It must be a JSON list of prices.']);
  const faults: string[] = [];
  const prices = parsed.map((entry: unknown, index) => readPrice(entry, `entry ${index + 1}`, faults));
  if (faults.length > 0) throw new PricesFileError(faults);
  return prices;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new PricesFileError(['It is not valid JSON.']);
  }
}

const FIELDS = new Set(['model', 'input', 'cached_input', 'output', 'context_window', 'max_output', 'valid_from']);
/** US dollars for a million tokens: above it, somebody wrote another unit. */
const HIGHEST_RATE = 100_000;
const MOST_TOKENS = 100_000_000;
const EVER_SINCE = '1970-01-01';

function readPrice(entry: unknown, place: string, faults: string[]): ModelPrice {
  const given = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<string, unknown>;
  const fault = (field: string, message: string) => faults.push(`${place}: ${field} ${message}`);
  const number = (field: string, most: number, fallback?: number): number => {
    const value = given[field] ?? fallback;
    if (typeof value === 'number' && value >= 0 && value <= most) return value;
    fault(field, `must be a number from 0 to ${most}`);
    return 0;
  };
  for (const field of Object.keys(given)) if (!FIELDS.has(field)) fault(field, 'is not known');
  const { model, valid_from: validFrom = EVER_SINCE } = given;
  if (typeof model !== 'string' || !/^[!-~]+\/[!-~]+$/.test(model)) fault('model', 'must be provider/model');
  if (typeof validFrom !== 'string' || !isDay(validFrom)) fault('valid_from', 'must be a day such as 2026-01-31');
  const input = number('input', HIGHEST_RATE);
  const output = number('output', HIGHEST_RATE, 0);
  return {
    model: String(model),
    input,
    cachedInput: number('cached_input', HIGHEST_RATE, input),
    output,
    contextWindow: number('context_window', MOST_TOKENS),
    // Without a bound for what is dear, nothing could be reserved.
    maxOutput: number('max_output', MOST_TOKENS, output > 0 ? undefined : 0),
    validFrom: String(validFrom),
  };
}

function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));
}
