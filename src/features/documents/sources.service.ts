import { type PageQuery, pageOf } from '../../platform/http/pagination.ts';
import type { Principal } from '../identity/index.ts';
import { inTenant } from '../tenancy/index.ts';
import { documentErrors } from './documents.errors.ts';
import { presentSource } from './documents.schema.ts';
import type { DocumentServiceDependencies } from './documents.service.ts';
import { retireDocuments } from './ingestion/purge-documents.ts';
import { keyOf, pageKey } from './page-key.ts';
import { deleteSource, findSource, listSources } from './sources.store.ts';

export type SourceService = ReturnType<typeof createSourceService>;

/** Where documents come from besides uploads. Folders are added on the machine itself (`parley ingest`), never by a
 * request: it would read the server's disk. */
export function createSourceService({
  database,
  queue,
  forgetting,
}: Pick<DocumentServiceDependencies, 'database' | 'queue' | 'forgetting'>) {
  return {
    async list(principal: Principal, { limit = 20, cursor }: PageQuery) {
      const before = pageKey(cursor);
      const rows = await inTenant(database, principal.tenant, (trx) => listSources(trx, { limit: limit + 1, before }));
      return pageOf(rows, limit, presentSource, keyOf);
    },

    /** Removes a source and its documents, which are gone from every search at once. @throws ApiError ERR_DOCUMENT_004 */
    async remove(principal: Principal, id: string): Promise<void> {
      await inTenant(database, principal.tenant, async (trx) => {
        if (!(await findSource(trx, id))) throw documentErrors.sourceNotFound();
        const ids = await deleteSource(trx, id);
        await retireDocuments(trx, queue, principal.tenant, ids);
        await forgetting.entomb(trx, principal.tenant, { kind: 'document', ids });
      });
    },
  };
}
