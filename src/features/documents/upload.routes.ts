import { requestErrors } from '../../platform/http/errors.ts';
import type { FormFile, FormPart } from '../../platform/http/form/read-form.ts';
import { DEEPEST, isTooDeep } from '../../platform/http/json-body.ts';
import { newId } from '../../platform/id.ts';
import { documentErrors } from './documents.errors.ts';
import type { About, IncomingFile, Upload } from './receive-documents.ts';

/** Files in one request. */
export const MOST_FILES = 100;

/** An upload of a form: its files one after the other as they come, and what its fields say once all are in. */
export function readUpload(parts: AsyncIterable<FormPart>): Upload {
  const fields = new Map<string, string>();
  return { files: filesOf(parts, fields), about: async (count) => aboutOf(fields, count) };
}

async function* filesOf(parts: AsyncIterable<FormPart>, fields: Map<string, string>): AsyncGenerator<IncomingFile> {
  for await (const part of parts) {
    if (part.kind === 'field') fields.set(knownField(part.name), part.value);
    else if (part.name === 'file') yield incomingFile(part);
    else throw invalidField(part.name, 'is not known here; send files in parts named file');
  }
}

function incomingFile({ filename, contentType, bytes }: FormFile): IncomingFile {
  return { documentId: newId(), filename: cleanName(filename), contentType, bytes };
}

const LONGEST_NAME = 255;

/** A name to show and to download by; it never becomes a path here. */
function cleanName(name: string): string {
  const base = name.split(/[/\\]/).at(-1) ?? '';
  const clean = base.toWellFormed().replace(/\p{C}/gu, '').trim();
  return clean === '' ? 'file' : clean.slice(-LONGEST_NAME).toWellFormed();
}

function knownField(name: string): string {
  if (name === 'title' || name === 'metadata') return name;
  throw invalidField(name, 'is not known here; remove it');
}

const LONGEST_TITLE = 300;

function aboutOf(fields: ReadonlyMap<string, string>, count: number): About {
  if (count === 0) throw documentErrors.noFile();
  const title = fields.get('title')?.trim();
  if (title !== undefined && count > 1) throw invalidField('title', 'can be given for one file only');
  if (title !== undefined && (title === '' || title.length > LONGEST_TITLE || !isStorable(title))) {
    throw invalidField('title', `must be a text of 1 to ${LONGEST_TITLE} characters`);
  }
  return { ...(title !== undefined && { title }), metadata: metadataOf(fields.get('metadata')) };
}

const MAX_METADATA_KEYS = 50;

function metadataOf(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {};
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidField('metadata', 'must be a JSON object');
  }
  if (isTooDeep(value, text)) throw invalidField('metadata', `is nested more than ${DEEPEST} levels deep`);
  if (Object.keys(value).length > MAX_METADATA_KEYS) {
    throw invalidField('metadata', `must have at most ${MAX_METADATA_KEYS} keys`);
  }
  return value as Record<string, unknown>;
}

function parse(text: string): unknown {
  // Postgres cannot store NUL or half of a surrogate pair in JSON, in whichever way it is written.
  const value: unknown = isStorable(text) && !/\\u(0000|d[89a-f])/i.test(text) ? safeParse(text) : undefined;
  return value;
}

function safeParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function invalidField(field: string, message: string) {
  return requestErrors.invalid(`${field} ${message}`, { fields: [{ field, message }] });
}
