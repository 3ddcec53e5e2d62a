import { defineErrors } from '../../platform/http/errors.ts';

export const documentErrors = defineErrors('DOCUMENT', {
  notFound: {
    number: 1,
    kind: 'not-found',
    title: 'Document not found',
    example: 'There is no document with this id.',
  },
  forbidden: {
    number: 2,
    kind: 'forbidden',
    title: 'Not your document',
    example: 'Only the member who added this document, or an admin, may do this.',
  },
  chunkNotFound: {
    number: 3,
    kind: 'not-found',
    title: 'Chunk not found',
    example: 'There is no chunk with this id; its document may have been deleted or changed.',
  },
  sourceNotFound: {
    number: 4,
    kind: 'not-found',
    title: 'Source not found',
    example: 'There is no source with this id.',
  },
  noFile: {
    number: 5,
    kind: 'invalid',
    title: 'No file',
    example: 'Send at least one part named file that holds a file.',
  },
  fileTooLarge: {
    number: 6,
    kind: 'too-large',
    title: 'File too large',
    example: 'A file may have at most 50 MiB.',
  },
  notReadable: {
    number: 7,
    kind: 'conflict',
    title: 'No text yet',
    example: 'The text of this document has not been extracted yet. Ask again when its status is ready.',
  },
  notFailed: {
    number: 8,
    kind: 'conflict',
    title: 'Nothing to retry',
    example: 'Only a document that failed, or that has stalled for an hour, can be tried again; this one is ready.',
  },
  noEmbedder: {
    number: 9,
    kind: 'invalid',
    title: 'No embedding model',
    example: 'mode dense needs an embedding model: set EMBEDDING_MODEL, or use hybrid or sparse.',
  },
  embedderFailed: {
    number: 10,
    kind: 'upstream',
    title: 'The embedding model failed',
    example: 'The embedding model did not answer. Try again, or search with mode sparse.',
  },
  noOriginal: {
    number: 11,
    kind: 'not-found',
    title: 'No original',
    example: 'The original of this document is not kept.',
  },
  emptyFile: {
    number: 12,
    kind: 'invalid',
    title: 'Empty file',
    example: 'The file report.pdf is empty.',
  },
  attachmentNotFound: {
    number: 20,
    kind: 'not-found',
    title: 'Attachment not found',
    example: 'There is no attachment with this id.',
  },
  attachmentForbidden: {
    number: 21,
    kind: 'forbidden',
    title: 'Not your attachment',
    example: 'This attachment belongs to another user.',
  },
  attachmentIncomplete: {
    number: 22,
    kind: 'conflict',
    title: 'Not uploaded yet',
    example: 'The file report.pdf has not been uploaded yet.',
  },
  attachmentSent: {
    number: 23,
    kind: 'conflict',
    title: 'The attachment is sent',
    example: 'The file report.pdf is part of a message already, and stays with it.',
  },
});

/** Why a document failed, as its `error.code` says; these are not answers to a request. */
export const ingestionFaults = {
  'unsupported-type': 'ERR_INGESTION_001',
  'password-protected': 'ERR_INGESTION_002',
  damaged: 'ERR_INGESTION_003',
  empty: 'ERR_INGESTION_004',
  'too-large': 'ERR_INGESTION_005',
  timeout: 'ERR_INGESTION_006',
  'out-of-memory': 'ERR_INGESTION_007',
  embedding: 'ERR_INGESTION_008',
  interrupted: 'ERR_INGESTION_009',
  internal: 'ERR_INGESTION_010',
  unreadable: 'ERR_INGESTION_011',
} as const;

export type IngestionFault = { code: string; detail: string };

const MAY_PASS: readonly string[] = [
  ingestionFaults.timeout,
  ingestionFaults.embedding,
  ingestionFaults.interrupted,
  ingestionFaults.internal,
];

/** Whether the same file may be ingested the next time. */
export function mayPass({ code }: IngestionFault): boolean {
  return MAY_PASS.includes(code);
}

export function faultOf(kind: keyof typeof ingestionFaults, detail: string): IngestionFault {
  return { code: ingestionFaults[kind], detail };
}
