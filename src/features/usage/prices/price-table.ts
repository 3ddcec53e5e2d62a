import type { ModelPrice } from './price.ts';

export type PriceTable = {
  /** The price of a model on a day (`2026-01-31`, UTC); null when it is not known. */
  priceOf(model: string, day: string): ModelPrice | null;
  /** What is known, by model, then by day. */
  list(): readonly ModelPrice[];
};

/** `own` prices come before shipped ones of the same model, whenever they are valid. */
export function priceTable(own: readonly ModelPrice[], shipped: readonly ModelPrice[]): PriceTable {
  const [ours, theirs] = [byModel(own), byModel(shipped)];
  const find = (model: string, day: string) => validOn(ours.get(model), day) ?? validOn(theirs.get(model), day);
  return {
    priceOf(model, day) {
      for (const name of namesOf(model)) {
        const price = find(name, day);
        if (price) return { ...price, model };
      }
      return null;
    },
    list: () => [...own, ...shipped].sort((a, b) => order(a.model, b.model) || order(a.validFrom, b.validFrom)),
  };
}

function byModel(prices: readonly ModelPrice[]): Map<string, ModelPrice[]> {
  return Map.groupBy(prices, ({ model }) => model);
}

/** Of several, the one that began last. */
function validOn(prices: readonly ModelPrice[] | undefined, day: string): ModelPrice | null {
  const begun = prices?.filter(({ validFrom }) => validFrom <= day) ?? [];
  return begun.toSorted((a, b) => order(b.validFrom, a.validFrom))[0] ?? null;
}

const order = (a: string, b: string) => (a < b ? -1 : Number(a > b));

/** A fixed version of a model costs what the model costs: gpt-5-mini-2025-08-07, claude-sonnet-4-5-20250929. */
const VERSION = /-(?:\d{4}-\d{2}-\d{2}|\d{8}|latest)$/;

/** The names under which a price may stand, the nearest first. OpenRouter passes its providers' prices on as they are
 * (https://openrouter.ai/docs/faq), and writes points where Anthropic writes strokes: claude-sonnet-4.5. */
function namesOf(model: string): readonly string[] {
  const behindRouter = model.startsWith('openrouter/') ? [model.slice('openrouter/'.length)] : [];
  const names = [model, ...behindRouter];
  const dashed = behindRouter.flatMap((name) =>
    name.startsWith('anthropic/') ? [name.replaceAll(/(\d)\.(\d)/g, '$1-$2')] : [],
  );
  return [...names, ...dashed].flatMap((name) => [name, name.replace(VERSION, '')]);
}
