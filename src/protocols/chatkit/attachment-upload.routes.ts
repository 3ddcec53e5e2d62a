import { buffer } from 'node:stream/consumers';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Attachment, AttachmentFile } from '../../features/documents/index.ts';
import { requestErrors } from '../../platform/http/errors.ts';
import type { FormLimits, FormPart } from '../../platform/http/form/read-form.ts';
import { receiveForm } from '../../platform/http/form/receive-form.ts';
import type { App } from '../../platform/http/server.ts';
import { chatkitErrors } from './chatkit.errors.ts';
import type { ChatkitDependencies } from './dependencies.ts';
import { attachmentIdOf } from './ids.ts';
import { attachmentView, baseType, isPicture } from './items/user-item.ts';
import { previewUrlFor } from './request-urls.ts';

const tags = ['ChatKit'];
/** A file arrives, and its text is read, within this time, ms. */
const TRANSFER_TIMEOUT_MS = 120_000;
const Params = Type.Object({ id: Type.String({ maxLength: 100 }) });
const FormBody = {
  content: { 'multipart/form-data': { schema: Type.Any({ description: 'One part named `file`.' }) } },
};

/** Uploads of ChatKit's page, direct and in two phases, and the pictures that it shows. */
export async function attachmentRoutes(app: App, deps: ChatkitDependencies): Promise<void> {
  directRoute(app, deps);
  secondPhaseRoutes(app, deps);
  previewRoute(app, deps);
  await app.register(async (plugin) => rawRoute(plugin as unknown as App, deps));
}

function directRoute(app: App, deps: ChatkitDependencies): void {
  const { attachments } = deps.documents;
  app.post(
    '/v1/chatkit/attachments',
    {
      config: { access: 'member', timeout: TRANSFER_TIMEOUT_MS },
      schema: {
        tags,
        summary: 'Upload a file for a message (uploadStrategy direct)',
        description: 'Answers with ChatKit’s attachment. A file that is not sent within a day is deleted.',
        consumes: ['multipart/form-data'],
        body: FormBody,
      },
    },
    async (request) => {
      const stored = await receiveForm(request, limitsOf(deps), async (parts) =>
        attachments.receive(request.principal, await readFile(parts), request.signal),
      );
      return view(deps, request, stored);
    },
  );
}

function secondPhaseRoutes(app: App, deps: ChatkitDependencies): void {
  const { attachments } = deps.documents;
  app.post(
    '/v1/chatkit/attachments/:id/content',
    {
      config: { access: 'member', timeout: TRANSFER_TIMEOUT_MS },
      schema: {
        tags,
        summary: 'Upload a file that was announced (uploadStrategy two_phase)',
        params: Params,
        consumes: ['multipart/form-data'],
        body: FormBody,
      },
    },
    async (request) => {
      const id = idOf(request.params.id);
      // Whose it is, before a byte is read.
      await attachments.get(request.principal, [id]);
      const stored = await receiveForm(request, limitsOf(deps), async (parts) => {
        const { bytes } = await readFile(parts);
        return attachments.fill(request.principal, id, bytes, request.signal);
      });
      return view(deps, request, stored);
    },
  );
}

/** The same with the bytes as they are, whatever their type: in a scope of its own, where no body is read as JSON. */
async function rawRoute(app: App, deps: ChatkitDependencies): Promise<void> {
  const { attachments } = deps.documents;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, bytes, done) => done(null, bytes));
  app.put(
    '/v1/chatkit/attachments/:id/content',
    {
      config: { access: 'member', timeout: TRANSFER_TIMEOUT_MS },
      bodyLimit: attachments.limit + 1,
      schema: { tags, summary: 'The same, with the file as the body', params: Params },
    },
    async (request) => {
      const bytes = (request.body as Buffer | null) ?? Buffer.alloc(0);
      return view(
        deps,
        request,
        await attachments.fill(request.principal, idOf(request.params.id), bytes, request.signal),
      );
    },
  );
}

function previewRoute(app: App, { documents, previews }: ChatkitDependencies): void {
  app.get(
    '/v1/chatkit/previews/:sealed',
    {
      config: { access: 'public' },
      schema: {
        tags,
        summary: 'A picture, for whoever has its address',
        description: 'ChatKit shows pictures by `<img>`, which sends no credential: the address is signed instead.',
        params: Type.Object({ sealed: Type.String({ maxLength: 1_000 }) }),
      },
    },
    async ({ params }, reply) => {
      const opened = previews.open(params.sealed);
      const file = opened && (await documents.attachments.file(opened.tenant, opened.attachmentId));
      if (!file || !isPicture(file.contentType)) throw chatkitErrors.previewNotFound();
      return reply
        .headers({
          'content-type': baseType(file.contentType),
          'content-disposition': 'inline',
          'content-security-policy': "default-src 'none'; sandbox",
          'cross-origin-resource-policy': 'cross-origin',
          'cache-control': 'private, max-age=3600',
        })
        .send(file.bytes);
    },
  );
}

function view(deps: ChatkitDependencies, request: FastifyRequest, { id, name, content_type, size_bytes }: Attachment) {
  const about = { attachment_id: id, name, content_type, size_bytes };
  return attachmentView(about, previewUrlFor(deps, request));
}

function idOf(given: string): string {
  const id = attachmentIdOf(given);
  if (id === null) throw chatkitErrors.attachmentNotFound();
  return id;
}

function limitsOf({ documents }: ChatkitDependencies): FormLimits {
  return { fileBytes: documents.attachments.limit, files: 1 };
}

/** The one file of a form; fields beside it say nothing to us. */
async function readFile(parts: AsyncIterable<FormPart>): Promise<AttachmentFile> {
  let file: AttachmentFile | null = null;
  for await (const part of parts) {
    if (part.kind === 'field') continue;
    if (part.name !== 'file') throw noFile();
    file = { name: nameOf(part.filename), contentType: part.contentType, bytes: await buffer(part.bytes) };
  }
  if (!file) throw noFile();
  return file;
}

function noFile() {
  const message = 'is missing: send the file in a part of this name';
  return requestErrors.invalid(`file ${message}`, { fields: [{ field: 'file', message }] });
}

const LONGEST_NAME = 255;

/** A name to show; it never becomes a path here. */
function nameOf(given: string): string {
  const base = given.split(/[/\\]/).at(-1) ?? '';
  const clean = base.toWellFormed().replace(/\p{C}/gu, '').trim();
  return clean === '' ? 'file' : clean.slice(-LONGEST_NAME).toWellFormed();
}
