import { Type } from 'typebox';
import { requestErrors } from '../../platform/http/errors.ts';
import type { FormPart } from '../../platform/http/form/read-form.ts';
import { receiveForm } from '../../platform/http/form/receive-form.ts';
import { PageQuery } from '../../platform/http/pagination.ts';
import type { App } from '../../platform/http/server.ts';
import { repositoryErrors } from './code.errors.ts';
import { IdParams, NewRepository, RepositoryChanges, RepositoryPage, RepositoryView } from './code.schema.ts';
import type { Code } from './code.ts';
import type { ArchiveUpload } from './receive-archive.ts';

/** Longest time for an upload, ms: 50 MiB at 3.5 Mbit/s. */
const TRANSFER_TIMEOUT_MS = 120_000;
const tags = ['Code'];

/** `/v1/repositories`. */
export function repositoryRoutes(app: App, { repositories, uploadLimit }: Code): void {
  app.post(
    '/v1/repositories',
    {
      config: { access: 'member', timeout: TRANSFER_TIMEOUT_MS },
      schema: {
        tags,
        summary: 'Add a repository',
        description:
          'A git address (or a path that the operator allows) as JSON, or an archive (zip, tar.gz, tar) as multipart/form-data in a part named `file`, with optional fields `name` and `description`. Nothing is fetched yet: start an analysis. The whole tenant reads it; who added it, or an admin, changes it.',
        body: {
          content: {
            'application/json': { schema: NewRepository },
            'multipart/form-data': { schema: Type.Any({ description: 'One part named `file`; name, description.' }) },
          },
        },
        response: { 201: RepositoryView },
      },
    },
    async (request, reply) => {
      const { principal } = request;
      if (!request.isMultipart() && !request.body) {
        throw requestErrors.unsupportedType('Send application/json or multipart/form-data.');
      }
      const view = request.isMultipart()
        ? await receiveForm(request, { fileBytes: uploadLimit, files: 1 }, async (parts) =>
            repositories.upload(principal, await readUpload(parts)),
          )
        : await request.once(() => repositories.create(principal, request.body as NewRepository));
      return reply.code(201).header('location', `/v1/repositories/${view.id}`).send(view);
    },
  );
  app.get(
    '/v1/repositories',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'Repositories, newest first, each with its latest analysis',
        querystring: PageQuery,
        response: { 200: RepositoryPage },
      },
    },
    async ({ principal, query }) => repositories.list(principal, query),
  );
  app.get(
    '/v1/repositories/:id',
    {
      config: { access: 'viewer' },
      schema: { tags, summary: 'One repository', params: IdParams, response: { 200: RepositoryView } },
    },
    async ({ principal, params }) => repositories.get(principal, params.id),
  );
  app.patch(
    '/v1/repositories/:id',
    {
      config: { access: 'member' },
      schema: {
        tags,
        summary: 'Change a repository, or its access token',
        params: IdParams,
        body: RepositoryChanges,
        response: { 200: RepositoryView },
      },
    },
    async ({ principal, params, body }) => repositories.change(principal, params.id, body),
  );
  app.delete(
    '/v1/repositories/:id',
    {
      config: { access: 'member' },
      schema: {
        tags,
        summary: 'Delete a repository with its analyses and all that was said of them',
        params: IdParams,
      },
    },
    async ({ principal, params }, reply) => {
      await repositories.remove(principal, params.id);
      return reply.code(204).send();
    },
  );
}

const LONGEST_NAME = 255;
const LONGEST_DESCRIPTION = 2_000;

/** The first file of a form, as it comes; what stands behind it is read when it is in. */
async function readUpload(parts: AsyncIterable<FormPart>): Promise<ArchiveUpload> {
  const fields = new Map<string, string>();
  const rest = parts[Symbol.asyncIterator]();
  const next = async () => {
    for (;;) {
      const { value, done } = await rest.next();
      if (done) return null;
      const part = value as FormPart;
      if (part.kind === 'file') return part;
      fields.set(knownField(part.name), part.value);
    }
  };
  const file = await next();
  if (file?.name !== 'file') throw repositoryErrors.noArchive();
  const filename = whole(plain(file.filename.split(/[/\\]/).at(-1) ?? '').slice(-LONGEST_NAME)) || 'archive';
  const about = async () => {
    await next();
    const name = whole(plain(fields.get('name') ?? '').slice(0, LONGEST_NAME)) || filename;
    return { name, description: fields.has('description') ? described(fields.get('description') ?? '') : null };
  };
  return { filename, bytes: file.bytes, about };
}

function knownField(name: string): string {
  if (name === 'name' || name === 'description') return name;
  const message = 'is not known here; remove it';
  throw requestErrors.invalid(`${name} ${message}`, { fields: [{ field: name, message }] });
}

function plain(text: string): string {
  return text.toWellFormed().replace(/\p{C}/gu, '').trim();
}

function described(text: string): string {
  return whole(text.toWellFormed().replaceAll('\0', '').slice(0, LONGEST_DESCRIPTION));
}

/** Without the half of a character that a cut leaves. */
function whole(cut: string): string {
  return cut.replace(/\p{Cs}/gu, '');
}
