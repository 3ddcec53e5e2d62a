import type { MultipartFile, MultipartValue } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { ApiError, requestErrors } from '../errors.ts';

export type FormField = { kind: 'field'; name: string; value: string };
/** Its bytes come as they arrive: read them, or leave them, before the next part. */
export type FormFile = {
  kind: 'file';
  name: string;
  filename: string;
  contentType: string;
  bytes: AsyncIterable<Uint8Array>;
};
export type FormPart = FormField | FormFile;

/** What one request may hold. A file is cut one byte behind `fileBytes`, so that its reader knows that it is too large. */
export type FormLimits = { fileBytes: number; files: number };

const MOST_FIELDS = 20;

/**
 * The parts of a multipart request, in their order, as they arrive. What was not read when its reader stops is thrown away,
 * so that the client gets its answer.
 * @throws ApiError ERR_REQUEST_001, 002, 004, 005
 */
export async function* readForm(request: FastifyRequest, limits: FormLimits): AsyncGenerator<FormPart> {
  if (!request.isMultipart()) throw requestErrors.unsupportedType('Send multipart/form-data with a part named file.');
  const bounds: Bounds = { ...limits, fieldBytes: request.server.initialConfig.bodyLimit ?? MEBIBYTE };
  const jsonFields = new Set<string>();
  try {
    for await (const part of request.parts(optionsFor(bounds, jsonFields))) yield partOf(part, bounds, jsonFields);
  } catch (error) {
    throw faultOf(error, bounds, jsonFields);
  } finally {
    request.raw.unpipe();
    request.raw.resume();
  }
}

type Bounds = FormLimits & { fieldBytes: number };
const MEBIBYTE = 1024 * 1024;

function optionsFor({ fileBytes, files, fieldBytes }: Bounds, jsonFields: Set<string>) {
  return {
    limits: {
      fileSize: fileBytes + 1,
      files,
      fields: MOST_FIELDS,
      fieldSize: fieldBytes,
      parts: files + MOST_FIELDS,
    },
    throwFileSizeLimit: false,
    // Only here are the names known of fields that cannot be read as the JSON that they say they are.
    isPartAFile: (name: string | undefined, type: string | undefined, filename: string | undefined) => {
      const isFile = type === 'application/octet-stream' || filename !== undefined;
      if (!isFile && type?.startsWith('application/json')) jsonFields.add(nameOf(name));
      return isFile;
    },
  };
}

function partOf(part: MultipartFile | MultipartValue, bounds: Bounds, jsonFields: ReadonlySet<string>): FormPart {
  const name = nameOf(part.fieldname);
  if (part.type === 'field') return { kind: 'field', name, value: textOf(part, bounds) };
  const { filename = '', mimetype: contentType } = part;
  return { kind: 'file', name, filename, contentType, bytes: bytesOf(part, bounds, jsonFields) };
}

async function* bytesOf(part: MultipartFile, bounds: Bounds, jsonFields: ReadonlySet<string>) {
  try {
    yield* part.file as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw faultOf(error, bounds, jsonFields);
  }
}

function textOf({ fieldname, value, valueTruncated }: MultipartValue & { valueTruncated?: boolean }, bounds: Bounds) {
  if (valueTruncated) {
    throw tooMuch(nameOf(fieldname), `may have ${Math.floor(bounds.fieldBytes / 1024)} KiB at most; shorten it`);
  }
  // A field that is announced as JSON arrives parsed.
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function nameOf(given: string | undefined): string {
  return given === undefined || given === '' ? '(a part without a name)' : given;
}

/** What the parser says, with the name of what is wrong. Its errors for what is no form have no code. */
function faultOf(error: unknown, { files }: Bounds, jsonFields: ReadonlySet<string>): unknown {
  if (error instanceof ApiError) return error;
  switch ((error as { code?: unknown } | null)?.code) {
    case 'FST_FILES_LIMIT':
      return tooMuch('file', `may be there ${times(files)}; send the other files in requests of their own`);
    case 'FST_FIELDS_LIMIT':
    case 'FST_PARTS_LIMIT':
      return tooMuch('body', `may have ${MOST_FIELDS} fields and ${files} files at most; send fewer`);
    case 'FST_INVALID_JSON_FIELD_ERROR':
      return invalid([...jsonFields].join(', '), 'is announced as application/json and holds no JSON; mend it');
    case 'FST_PROTO_VIOLATION':
      return invalid('body', 'has a part whose name every object has, such as constructor; rename it');
    default:
      return requestErrors.malformed(
        'The body is no whole multipart/form-data: it is cut off, or its boundary is not that of the Content-Type header.',
        { cause: error },
      );
  }
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times at most`;
}

function tooMuch(field: string, message: string): ApiError {
  return requestErrors.tooLarge(`${field} ${message}`, { fields: [{ field, message }] });
}

function invalid(field: string, message: string): ApiError {
  return requestErrors.invalid(`${field} ${message}`, { fields: [{ field, message }] });
}
