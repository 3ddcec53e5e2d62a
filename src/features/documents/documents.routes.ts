import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { requestErrors } from '../../platform/http/errors.ts';
import { receiveForm } from '../../platform/http/form/receive-form.ts';
import { PageQuery } from '../../platform/http/pagination.ts';
import type { App } from '../../platform/http/server.ts';
import {
  ChunkView,
  ContentQuery,
  ContentView,
  DocumentPage,
  DocumentQuery,
  DocumentsView,
  DocumentView,
  IdParams,
  NewTextDocument,
  presentSearch,
  SearchBody,
  SearchView,
  SourcePage,
} from './documents.schema.ts';
import type { Original } from './documents.service.ts';
import type { Documents } from './documents.ts';
import { MOST_FILES, readUpload } from './upload.routes.ts';

/** `/v1/documents`, `/v1/chunks`, `/v1/sources` and `/v1/search`. */
export function documentRoutes(app: App, documents: Documents): void {
  uploadRoute(app, documents);
  readingRoutes(app, documents);
  changingRoutes(app, documents);
  sourceRoutes(app, documents);
  searchRoute(app, documents);
}

/** Longest time for an upload or a download, ms: 50 MiB at 3.5 Mbit/s. */
const TRANSFER_TIMEOUT_MS = 120_000;

function uploadRoute(app: App, documents: Documents): void {
  app.post(
    '/v1/documents',
    {
      config: { access: 'member', timeout: TRANSFER_TIMEOUT_MS },
      schema: {
        tags: ['Documents'],
        summary: 'Add documents',
        description:
          'Text as JSON, or files as multipart/form-data in parts named `file`, with optional fields `title` (one file only) and `metadata` (JSON). One file answers with its document, several with `{data: [documents]}`. Ingestion goes on in the background. With an `Idempotency-Key` the files of one request may have together what one may have.',
        body: {
          content: {
            'application/json': { schema: NewTextDocument },
            'multipart/form-data': { schema: Type.Any({ description: 'Parts named `file`; fields title, metadata.' }) },
          },
        },
        response: { 202: Type.Union([DocumentView, DocumentsView]) },
      },
    },
    async (request, reply) => {
      const { principal } = request;
      if (!request.isMultipart()) {
        if (!request.body) throw requestErrors.unsupportedType('Send application/json or multipart/form-data.');
        const text = request.body as NewTextDocument;
        const document = await request.once(() => documents.service.createFromText(principal, text));
        return reply.code(202).header('location', `/v1/documents/${document.id}`).send(document);
      }
      const limits = { fileBytes: documents.uploadLimit, files: MOST_FILES };
      const views = await receiveForm(request, limits, (parts) =>
        documents.service.upload(principal, readUpload(parts)),
      );
      const [only] = views;
      if (views.length > 1 || !only) return reply.code(202).send({ data: views });
      return reply.code(202).header('location', `/v1/documents/${only.id}`).send(only);
    },
  );
}

function readingRoutes(app: App, { service }: Documents): void {
  const tags = ['Documents'];
  const config = { access: 'viewer' } as const;
  app.get(
    '/v1/documents',
    {
      config,
      schema: { tags, summary: 'Documents, newest first', querystring: DocumentQuery, response: { 200: DocumentPage } },
    },
    async ({ principal, query }) => service.list(principal, query),
  );
  app.get(
    '/v1/documents/:id',
    { config, schema: { tags, summary: 'One document', params: IdParams, response: { 200: DocumentView } } },
    async ({ principal, params }) => service.get(principal, params.id),
  );
  app.get(
    '/v1/documents/:id/content',
    {
      config,
      schema: {
        tags,
        summary: 'The extracted text of a document',
        description: 'A stretch of it, for example around a citation’s span.',
        params: IdParams,
        querystring: ContentQuery,
        response: { 200: ContentView },
      },
    },
    async ({ principal, params, query }) => service.content(principal, params.id, query),
  );
  app.get(
    '/v1/documents/:id/file',
    {
      config: { ...config, timeout: TRANSFER_TIMEOUT_MS },
      schema: { tags, summary: 'The original of a document, to download', params: IdParams },
    },
    async ({ principal, params }, reply) => {
      const original = await service.original(principal, params.id);
      return asDownload(reply, original).send(Readable.from(original.bytes, { objectMode: false }));
    },
  );
  app.get(
    '/v1/chunks/:id',
    {
      config,
      schema: {
        tags,
        summary: 'The passage that a citation points to',
        params: IdParams,
        response: { 200: ChunkView },
      },
    },
    async ({ principal, params }) => service.chunk(principal, params.id),
  );
}

const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+$/;

/** Never shown by a browser as a page of ours: what people upload may hold scripts. */
function asDownload(reply: FastifyReply, { name, contentType, sizeBytes }: Original): FastifyReply {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return reply.headers({
    'content-type': MEDIA_TYPE.test(contentType) ? contentType : 'application/octet-stream',
    'content-length': sizeBytes,
    'content-disposition': `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`,
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, no-cache',
  });
}

function changingRoutes(app: App, { service }: Documents): void {
  const tags = ['Documents'];
  const config = { access: 'member' } as const;
  app.delete(
    '/v1/documents/:id',
    { config, schema: { tags, summary: 'Delete a document; it is gone from every search at once', params: IdParams } },
    async ({ principal, params }, reply) => {
      await service.remove(principal, params.id);
      return reply.code(204).send();
    },
  );
  app.post(
    '/v1/documents/:id/retry',
    {
      config,
      schema: { tags, summary: 'Ingest a failed document again', params: IdParams, response: { 202: DocumentView } },
    },
    async ({ principal, params }, reply) => reply.code(202).send(await service.retry(principal, params.id)),
  );
}

function sourceRoutes(app: App, { sources }: Documents): void {
  const tags = ['Sources'];
  app.get(
    '/v1/sources',
    {
      config: { access: 'viewer' },
      schema: { tags, summary: 'Folders that were ingested', querystring: PageQuery, response: { 200: SourcePage } },
    },
    async ({ principal, query }) => sources.list(principal, query),
  );
  app.delete(
    '/v1/sources/:id',
    {
      config: { access: 'admin' },
      schema: { tags, summary: 'Remove a source with all its documents', params: IdParams },
    },
    async ({ principal, params }, reply) => {
      await sources.remove(principal, params.id);
      return reply.code(204).send();
    },
  );
}

function searchRoute(app: App, documents: Documents): void {
  app.post(
    '/v1/search',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['Documents'],
        summary: 'Search the documents',
        description:
          'By words (BM25), by meaning (vectors), or both fused. Best first; nothing found is an empty list.',
        body: SearchBody,
        response: { 200: SearchView },
      },
    },
    async ({ principal, body, signal }) =>
      presentSearch(await documents.search(principal.tenant, body, signal, principal)),
  );
}
