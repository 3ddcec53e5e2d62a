import type { Forgetter, TenantSecrets } from '../tenancy/index.ts';
import { countThese, deleteRepositories } from './repository.store.ts';
import { secretName } from './secret-name.ts';

/** Deletes again, after a restored backup, repositories that somebody had deleted, with their access tokens. */
export function createCodeForgetter({ secrets }: { secrets: Pick<TenantSecrets, 'remove'> }): Forgetter {
  return {
    count: async (trx, { kind, ids }) => (kind === 'repository' ? { repositories: await countThese(trx, ids) } : {}),
    forget: async (trx, tenant, { kind, ids }) => {
      if (kind !== 'repository') return { counts: {} };
      for (const id of ids) await secrets.remove(trx, tenant, secretName(id));
      return { counts: { repositories: await deleteRepositories(trx, ids) } };
    },
  };
}
