import { pageOf } from '../../platform/http/pagination.ts';
import { newId } from '../../platform/id.ts';
import type { Principal } from '../identity/index.ts';
import { type Forgetting, inTenant } from '../tenancy/index.ts';
import { documentErrors } from './documents.errors.ts';
import { enqueueIngestion } from './documents.jobs.ts';
import { assertMayChange } from './documents.policy.ts';
import {
  contentRange,
  type DocumentQuery,
  type DocumentView,
  type NewTextDocument,
  presentChunk,
  presentDocument,
} from './documents.schema.ts';
import { type DocumentRow, findChunk, findDocument, listDocuments, requeueDocument } from './documents.store.ts';
import { findPart, readText } from './original.store.ts';
import { keyOf, pageKey } from './page-key.ts';
import { type ReceivingDependencies, receiveDocuments, type Upload } from './receive-documents.ts';

export type DocumentService = ReturnType<typeof createDocumentService>;

/** A file as it was uploaded. */
export type Original = { name: string; contentType: string; sizeBytes: number; bytes: AsyncGenerator<Buffer> };

export type DocumentServiceDependencies = ReceivingDependencies & {
  forgetting: Pick<Forgetting, 'forgetWithin' | 'entomb'>;
};

/** Documents of the principal's tenant. What is absent, being deleted or another tenant's is ERR_DOCUMENT_001. */
export function createDocumentService(deps: DocumentServiceDependencies) {
  const { database, queue, forgetting } = deps;
  const require = async (principal: Principal, id: string): Promise<DocumentRow> => {
    const row = await inTenant(database, principal.tenant, (trx) => findDocument(trx, id));
    if (!row) throw documentErrors.notFound();
    return row;
  };

  return {
    async createFromText(principal: Principal, body: NewTextDocument): Promise<DocumentView> {
      const file = {
        documentId: newId(),
        filename: null,
        contentType: body.content_type ?? 'text/plain',
        bytes: [Buffer.from(body.content)],
      };
      const about = { title: body.title.trim(), metadata: body.metadata ?? {} };
      const [row] = await receiveDocuments(deps, principal, { files: [file], about: async () => about });
      if (!row) throw documentErrors.notFound();
      return presentDocument(row);
    },

    /** Files as they come in. All of them become documents, or none. @throws ApiError ERR_DOCUMENT_006, ERR_DOCUMENT_012 */
    async upload(principal: Principal, upload: Upload): Promise<DocumentView[]> {
      return (await receiveDocuments(deps, principal, upload)).map(presentDocument);
    },

    async list(principal: Principal, { limit = 20, cursor, status, source_id }: DocumentQuery) {
      const before = pageKey(cursor);
      const page = { limit: limit + 1, before, status, sourceId: source_id };
      const rows = await inTenant(database, principal.tenant, (trx) => listDocuments(trx, page));
      return pageOf(rows, limit, presentDocument, keyOf);
    },

    async get(principal: Principal, id: string): Promise<DocumentView> {
      return presentDocument(await require(principal, id));
    },

    /** Gone from every search when this resolves; what is left of it is removed by a job.
     * @throws ApiError ERR_DOCUMENT_001, ERR_DOCUMENT_002 */
    async remove(principal: Principal, id: string): Promise<void> {
      await inTenant(database, principal.tenant, async (trx) => {
        const row = await findDocument(trx, id);
        if (!row) throw documentErrors.notFound();
        assertMayChange(principal, row);
        await forgetting.forgetWithin(trx, principal.tenant, { kind: 'document', id }, principal.userId);
      });
    },

    /** @throws ApiError ERR_DOCUMENT_001, ERR_DOCUMENT_002, ERR_DOCUMENT_008 */
    async retry(principal: Principal, id: string): Promise<DocumentView> {
      return inTenant(database, principal.tenant, async (trx) => {
        const row = await findDocument(trx, id);
        if (!row) throw documentErrors.notFound();
        assertMayChange(principal, row);
        const queued = await requeueDocument(trx, id, deps.clock.now());
        if (!queued) {
          throw documentErrors.notFailed(
            `Only a document that failed, or that has stalled for an hour, can be tried again; this one is ${row.status}.`,
          );
        }
        await enqueueIngestion(trx, queue, principal.tenant, id);
        return presentDocument(queued);
      });
    },

    /** A stretch of the extracted text. @throws ApiError ERR_DOCUMENT_001, ERR_DOCUMENT_007 */
    async content(principal: Principal, id: string, query: { start?: number; end?: number }) {
      const row = await require(principal, id);
      if (row.status !== 'ready' || row.text_length === null) throw documentErrors.notReadable();
      const { start, end } = contentRange(query, row.text_length);
      const text = await inTenant(database, principal.tenant, (trx) => readText(trx, id, start, end));
      return { document_id: id, title: row.title, text, start, end, length: row.text_length };
    },

    /** The original, in parts. @throws ApiError ERR_DOCUMENT_001 */
    async original(principal: Principal, id: string): Promise<Original> {
      const { filename, title, content_type: contentType, size_bytes: sizeBytes } = await require(principal, id);
      const part = (index: number) => inTenant(database, principal.tenant, (trx) => findPart(trx, id, index));
      return { name: filename ?? `${title}.txt`, contentType, sizeBytes, bytes: partsOf(part, sizeBytes) };
    },

    /** A chunk of a ready document, for a citation. @throws ApiError ERR_DOCUMENT_003 */
    async chunk(principal: Principal, id: string) {
      const row = await inTenant(database, principal.tenant, (trx) => findChunk(trx, id));
      if (!row) throw documentErrors.chunkNotFound();
      return presentChunk(row);
    },
  };
}

/** Fails where a part is gone: a document that is deleted while it is sent must not leave its client waiting for the rest. */
async function* partsOf(
  read: (index: number) => Promise<Buffer | undefined>,
  sizeBytes: number,
): AsyncGenerator<Buffer> {
  for (let index = 0, left = sizeBytes; left > 0; index += 1) {
    const part = await read(index);
    if (!part) throw new Error('The document went away while it was sent.');
    left -= part.length;
    yield part;
  }
}
