import { newId } from '../../../platform/id.ts';
import type { Principal } from '../../identity/index.ts';
import { type Forgetting, inTenant, noQuotas, type Tenant } from '../../tenancy/index.ts';
import { cutDocument } from '../cutting/cut-document.ts';
import { takeStorage } from '../document-quotas.ts';
import { documentErrors, faultOf, type IngestionFault } from '../documents.errors.ts';
import type { IngestionDependencies } from '../ingestion/ingestion.types.ts';
import type { RetrievedPassage } from '../retrieval/passages.ts';
import type { AttachmentChunk, AttachmentRow } from './attachment.store.ts';
import * as store from './attachment.store.ts';
import { attachmentPassages } from './attachment-passages.ts';
import type { UnusedAttachments } from './unused-attachments.ts';

export type Attachment = {
  id: string;
  session_id: string | null;
  name: string;
  content_type: string;
  size_bytes: number;
  status: 'expected' | 'ready';
  /** Why its text could not be read; null where it could. */
  fault: string | null;
};

export type AttachmentFile = { name: string; contentType: string; bytes: Buffer };

export type AttachmentDependencies = Pick<IngestionDependencies, 'database' | 'extract' | 'log' | 'quotaOf'> & {
  unused: UnusedAttachments;
  forgetting: Pick<Forgetting, 'entomb'>;
  /** Largest attachment, bytes. */
  attachmentLimit: number;
};

export type AttachmentService = ReturnType<typeof createAttachmentService>;

/** Files that belong to one session of one user: no search finds them, and only that session's answers read them. */
export function createAttachmentService(deps: AttachmentDependencies) {
  const { database, unused, attachmentLimit, quotaOf = noQuotas, forgetting } = deps;

  async function announce(principal: Principal, file: { name: string; contentType: string; sizeBytes: number }) {
    if (file.sizeBytes > attachmentLimit) throw tooLarge(file.name, attachmentLimit);
    const storage = await quotaOf(principal.tenant, 'storage_bytes');
    return inTenant(database, principal.tenant, async (trx) => {
      await takeStorage(trx, storage, file.sizeBytes);
      await unused.planDeletion(trx, principal.tenant);
      return store.insertAttachment(trx, { id: newId(), userId: principal.userId, ...file });
    });
  }

  async function fill(
    principal: Principal,
    row: AttachmentRow,
    bytes: Buffer,
    signal: AbortSignal,
  ): Promise<Attachment> {
    if (bytes.length > attachmentLimit) throw tooLarge(row.name, attachmentLimit);
    if (bytes.length === 0) throw documentErrors.emptyFile(`The file ${row.name} is empty.`);
    const { chunks, fault } = await readText(deps, row, bytes, signal);
    const storage = await quotaOf(principal.tenant, 'storage_bytes');
    const filled = await inTenant(database, principal.tenant, async (trx) => {
      // It may have been announced as smaller than it is.
      const more = bytes.length - row.size_bytes;
      if (more > 0) await takeStorage(trx, storage, more);
      const updated = await store.fillAttachment(trx, row.id, { bytes, fault });
      if (updated) await store.insertAttachmentChunks(trx, chunks);
      return updated;
    });
    if (!filled) throw documentErrors.attachmentSent(`The file ${row.name} has been uploaded already.`);
    return view(filled);
  }

  async function own(principal: Principal, ids: readonly string[]): Promise<AttachmentRow[]> {
    const rows = await inTenant(database, principal.tenant, (trx) => store.findAttachments(trx, ids));
    return ids.map((id) => {
      const row = rows.find((candidate) => candidate.id === id);
      if (!row) throw documentErrors.attachmentNotFound();
      if (row.user_id !== principal.userId) throw documentErrors.attachmentForbidden();
      return row;
    });
  }

  return {
    limit: attachmentLimit,

    /** A place for a file whose bytes come later. @throws ApiError ERR_DOCUMENT_006 */
    async expect(principal: Principal, file: { name: string; contentType: string; sizeBytes: number }) {
      return view(await announce(principal, file));
    },

    /** The bytes of a file that was announced; its text is read before this resolves.
     * @throws ApiError ERR_DOCUMENT_006, 012, 020, 021, 023 */
    async fill(principal: Principal, id: string, bytes: Buffer, signal: AbortSignal): Promise<Attachment> {
      const [row] = await own(principal, [id]);
      return fill(principal, row as AttachmentRow, bytes, signal);
    },

    /** A whole file at once. @throws ApiError ERR_DOCUMENT_006, 012 */
    async receive(principal: Principal, { name, contentType, bytes }: AttachmentFile, signal: AbortSignal) {
      const row = await announce(principal, { name, contentType, sizeBytes: bytes.length });
      return fill(principal, row, bytes, signal);
    },

    /** One's own attachments, all of them or an error. @throws ApiError ERR_DOCUMENT_020, 021 */
    async get(principal: Principal, ids: readonly string[]): Promise<Attachment[]> {
      return (await own(principal, ids)).map(view);
    },

    /** The same, for a message of a session: uploaded, and in no other session.
     * @throws ApiError ERR_DOCUMENT_020, 021, 022, 023 */
    async usable(principal: Principal, ids: readonly string[], sessionId: string | null): Promise<Attachment[]> {
      const rows = await own(principal, ids);
      for (const { name, status, session_id } of rows) {
        if (status !== 'ready')
          throw documentErrors.attachmentIncomplete(`The file ${name} has not been uploaded yet.`);
        if (session_id !== null && session_id !== sessionId) throw sent(name);
      }
      return rows.map(view);
    },

    /** Makes attachments part of a session: they live as long as it. @throws ApiError ERR_DOCUMENT_023 */
    async assign(principal: Principal, ids: readonly string[], sessionId: string): Promise<void> {
      if (ids.length === 0) return;
      const assignment = { ids, userId: principal.userId, sessionId };
      await inTenant(database, principal.tenant, async (trx) => {
        const count = await store.assignAttachments(trx, assignment);
        if (count < new Set(ids).size) throw documentErrors.attachmentSent();
      });
    },

    /** Deletes a file that no message carries. @throws ApiError ERR_DOCUMENT_020, 021, 023 */
    async remove(principal: Principal, id: string): Promise<void> {
      const [row] = await own(principal, [id]);
      if (row?.session_id) throw sent(row.name);
      const { tenant } = principal;
      await inTenant(database, tenant, async (trx) => {
        await store.deleteAttachment(trx, id);
        await forgetting.entomb(trx, tenant, { kind: 'attachment', ids: [id] });
      });
    },

    /** A file for whoever has a signed address of it. Undefined: it is gone. */
    async file(tenant: Tenant, id: string): Promise<AttachmentFile | undefined> {
      return inTenant(database, tenant, async (trx) => {
        const [row] = await store.findAttachments(trx, [id]);
        if (row?.status !== 'ready') return undefined;
        return { name: row.name, contentType: row.content_type, bytes: await store.readAttachmentBytes(trx, id) };
      });
    },

    /** What an answer in this session is given of its attachments. */
    async passages(
      tenant: Tenant,
      sessionId: string,
      ids: readonly string[],
      question: string,
    ): Promise<RetrievedPassage[]> {
      if (ids.length === 0) return [];
      const texts = await inTenant(database, tenant, (trx) => store.readAttachmentTexts(trx, sessionId, ids));
      return attachmentPassages(texts, question);
    },
  };
}

async function readText(
  { extract, log }: AttachmentDependencies,
  { id, name, content_type }: AttachmentRow,
  bytes: Buffer,
  signal: AbortSignal,
): Promise<{ chunks: AttachmentChunk[]; fault: IngestionFault | null }> {
  const extracted = await extract({ bytes, filename: name, declaredType: content_type }, signal);
  if (!extracted.ok) {
    log.info({ attachment_id: id, failure: extracted.failure }, 'an attachment has no text that can be read');
    return { chunks: [], fault: faultOf(extracted.failure, extracted.detail) };
  }
  const cut = await cutDocument(extracted.document, signal);
  const chunks = cut.map((chunk) => ({
    id: newId(),
    attachment_id: id,
    index: chunk.index,
    start_offset: chunk.start,
    heading_path: chunk.headingPath,
    page: chunk.pageStart,
    text: chunk.text,
  }));
  return { chunks, fault: null };
}

const MEBIBYTE = 1024 * 1024;

function tooLarge(name: string, limit: number) {
  return documentErrors.fileTooLarge(
    `The file ${name} is larger than ${Math.floor((limit / MEBIBYTE) * 10) / 10} MiB.`,
  );
}

function sent(name: string) {
  return documentErrors.attachmentSent(`The file ${name} is part of a message already, and stays with it.`);
}

function view({ user_id: _, fault, ...row }: AttachmentRow): Attachment {
  return { ...row, size_bytes: Number(row.size_bytes), fault: fault?.detail ?? null };
}
