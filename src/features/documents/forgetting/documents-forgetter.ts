import type { Forgetter } from '../../tenancy/index.ts';
import { documentErrors } from '../documents.errors.ts';
import { assertMayChange } from '../documents.policy.ts';
import { findDocument } from '../documents.store.ts';
import type { IngestionDependencies } from '../ingestion/ingestion.types.ts';
import { purgeDocuments, retireDocuments } from '../ingestion/purge-documents.ts';
import * as store from './target.store.ts';

/** Forgets documents with original, text, chunks, postings and vectors, and files that no message came to carry. */
export function createDocumentsForgetter(deps: IngestionDependencies): Forgetter {
  return {
    refusals: {
      document: async (trx, principal, id) => {
        const row = await findDocument(trx, id);
        if (!row) throw documentErrors.notFound();
        assertMayChange(principal, row);
      },
    },

    count: async (trx, target) => {
      if (target.kind === 'document') return store.countDocuments(trx, target.ids);
      return { attachments: await store.countAttachmentsOf(trx, target) };
    },

    forget: async (trx, tenant, target, limit) => {
      if (target.kind !== 'document')
        return { counts: { attachments: await store.deleteAttachmentsOf(trx, target, limit) } };
      const there = await store.countDocuments(trx, target.ids);
      await retireDocuments(trx, deps.queue, tenant, target.ids);
      return { counts: there };
    },

    // Gone from every search before; now the rest of it is.
    finish: async (tenant, targets, signal) => {
      if (targets.some(({ kind }) => kind === 'document')) await purgeDocuments(deps, tenant, signal);
      return {};
    },
  };
}
