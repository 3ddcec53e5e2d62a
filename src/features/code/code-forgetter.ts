import type { Forgetter } from '../tenancy/index.ts';
import { countThese, deleteRepositories } from './repository.store.ts';

/** Deletes again, after a restored backup, repositories that somebody had deleted. */
export function createCodeForgetter(): Forgetter {
  return {
    count: async (trx, { kind, ids }) => (kind === 'repository' ? { repositories: await countThese(trx, ids) } : {}),
    forget: async (trx, _, { kind, ids }) => ({
      counts: kind === 'repository' ? { repositories: await deleteRepositories(trx, ids) } : {},
    }),
  };
}
