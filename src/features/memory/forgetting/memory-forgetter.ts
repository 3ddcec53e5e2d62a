import type { ObjectStorage } from '../../../platform/storage/object-storage.ts';
import type { Counts, Forgetter, ForgettingPrincipal, ForgottenTarget } from '../../tenancy/index.ts';
import { deleteFacts, findFact } from '../facts/fact.store.ts';
import { assertMayChange, assertMayChangeFact } from '../memory.policy.ts';
import { deleteMemories } from '../remember/deletion.store.ts';
import { findMemory } from '../remember/memory.store.ts';
import { forgetCold } from './cold-memories.ts';
import * as store from './target.store.ts';

/** Forgets memories with their postings, vectors and facts, whichever place they have, cold storage too. */
export function createMemoryForgetter({ coldStorage }: { coldStorage: ObjectStorage }): Forgetter {
  return {
    refusals: {
      memory: async (trx, principal, id) => {
        assertMayChange(principal, await findMemory(trx, id));
      },
      fact: async (trx, principal: ForgettingPrincipal, id) => {
        assertMayChangeFact(principal, await findFact(trx, id));
      },
    },

    count: async (trx, target): Promise<Counts> => {
      const counts = await store.countMemoriesOf(trx, target);
      const facts = await store.findFactsOf(trx, target, 100_000);
      return { ...counts, facts: counts.facts + facts.length };
    },

    forget: async (trx, _tenant, target, limit) => {
      const found = await store.findMemoriesOf(trx, target, limit);
      if (found.length > 0) {
        const numbers = found.map(({ number }) => number);
        const { memories, postings, vectors, facts } = await deleteMemories(trx, numbers);
        const counts = { memories, memory_postings: postings, memory_vectors: vectors, facts };
        return { counts, memoryIds: found.map(({ id }) => id) };
      }
      const facts = await deleteFacts(trx, await store.findFactsOf(trx, target, limit));
      if (facts > 0) return { counts: { facts } };
      return { counts: { memory_spaces: await store.deleteEmptySpaces(trx, target, limit) } };
    },

    finish: async (tenant, targets: readonly ForgottenTarget[], signal) => ({
      cold_memories: await forgetCold(coldStorage, tenant, targets, signal),
    }),
  };
}
