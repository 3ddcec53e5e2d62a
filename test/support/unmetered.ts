import type { Meter } from '../../src/features/usage/index.ts';

/** For tests of features that do not care what a model costs. */
export const unmetered: Meter = {
  model: (model) => model,
  embedder: (embedder) => embedder,
  settleRun: async () => undefined,
};
