import { describe, expect, test } from 'vitest';
import { costOf, highestCost, type ModelPrice, nanosOf } from './price.ts';
import { priceTable } from './price-table.ts';
import { PricesFileError, readPrices } from './read-prices.ts';
import { shippedPrices } from './shipped-prices.ts';

const price = (more: Partial<ModelPrice> = {}): ModelPrice => ({
  model: 'acme/one',
  input: 1,
  cachedInput: 0.1,
  output: 10,
  contextWindow: 100_000,
  maxOutput: 8_000,
  validFrom: '2026-01-01',
  ...more,
});

describe('a price', () => {
  test('is counted in whole nano-dollars, rounded up', () => {
    expect(costOf(price(), { inputTokens: 1_000, outputTokens: 0 })).toBe(1_000_000);
    expect(costOf(price(), { inputTokens: 1_000, cachedInputTokens: 1_000, outputTokens: 3 })).toBe(130_000);
    expect(costOf(price({ input: 0.0375 }), { inputTokens: 1, outputTokens: 0 })).toBe(38);
    expect([nanosOf(0.1), nanosOf(10), nanosOf(0)]).toEqual([100_000_000, 10_000_000_000, 0]);
  });

  test('of a long input holds for the whole request, and the highest price knows both', () => {
    const tiered = price({ long: { above: 100, input: 2, cachedInput: 0.2, output: 1 } });
    expect(costOf(tiered, { inputTokens: 100, outputTokens: 10 })).toBe(200_000);
    expect(costOf(tiered, { inputTokens: 101, outputTokens: 10 })).toBe(212_000);
    // Short requests may be the dearer ones, when much is said.
    expect(highestCost(tiered, { inputTokens: 101, outputTokens: 1_000 })).toBe(10_100_000);
  });
});

describe('the price table', () => {
  const table = priceTable([price({ output: 1 })], [price(), price({ output: 20, validFrom: '2026-06-01' })]);

  test('has what the operator says first, then what was shipped, as of the day', () => {
    expect(table.priceOf('acme/one', '2026-07-01')?.output).toBe(1);
    expect(table.priceOf('acme/one', '2025-07-01')).toBeNull();
    const shipped = priceTable([], [price(), price({ output: 20, validFrom: '2026-06-01' })]);
    expect(shipped.priceOf('acme/one', '2026-05-31')?.output).toBe(10);
    expect(shipped.priceOf('acme/one', '2026-06-01')?.output).toBe(20);
  });

  test.each([
    ['openai/gpt-5-mini-2025-08-07', 2],
    ['anthropic/claude-sonnet-4-5-20250929', 15],
    ['openrouter/openai/gpt-5-mini', 2],
    ['openrouter/anthropic/claude-sonnet-4.5', 15],
  ])('knows %s by the name under which its price stands', (model, output) => {
    expect(priceTable([], shippedPrices).priceOf(model, '2026-01-01')).toMatchObject({ model, output });
  });

  test.each(['openai/gpt-5-mini-turbo', 'embedding/text-embedding-3-small', 'openrouter/auto', 'toString', ''])(
    'does not guess the price of %j',
    (model) => expect(priceTable([], shippedPrices).priceOf(model, '2026-01-01')).toBeNull(),
  );

  test('ships each price once, with a bound for the answer', () => {
    const names = shippedPrices.map(({ model, validFrom }) => `${model} ${validFrom}`);
    expect(names).toEqual([...new Set(names)]);
    for (const { model, output, maxOutput } of shippedPrices) expect(maxOutput > 0, model).toBe(output > 0);
  });
});

describe('a file of prices', () => {
  test('is read', () => {
    const text = '[{"model": "acme/one", "input": 1, "output": 2, "context_window": 1000, "max_output": 100}]';
    expect(readPrices(text)).toEqual([
      { ...price({ cachedInput: 1, output: 2, contextWindow: 1_000, maxOutput: 100 }), validFrom: '1970-01-01' },
    ]);
  });

  test('is refused with every fault at once, each with its place', () => {
    const faults = (text: string) => {
      try {
        readPrices(text);
        return [];
      } catch (error) {
        if (error instanceof PricesFileError) return error.faults;
        throw error;
      }
    };
    expect(faults('{')).toEqual(['It is not valid JSON.']);
    expect(faults('{}')).toEqual(['It must be a JSON list of prices.']);
    expect(faults('[{"model": "gpt", "input": -1, "context_window": 10, "colour": "red"}, 7]')).toEqual([
      'entry 1: colour is not known',
      'entry 1: model must be provider/model',
      'entry 1: input must be a number from 0 to 100000',
      'entry 2: model must be provider/model',
      'entry 2: input must be a number from 0 to 100000',
      'entry 2: context_window must be a number from 0 to 100000000',
    ]);
  });

  test('says how much a model may answer, where an answer costs something', () => {
    const text = '[{"model": "acme/one", "input": 1, "output": 2, "context_window": 1000}]';
    expect(() => readPrices(text)).toThrow('max_output must be');
  });
});
