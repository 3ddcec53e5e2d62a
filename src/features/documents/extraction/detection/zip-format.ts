import { ZipArchive } from '../containers/zip-archive.ts';
import type { ExtractionLimits } from '../extracted-document.ts';
import { ExtractionError } from '../extraction-error.ts';
import type { Format } from './format.ts';

/** By the part that only that kind of package has; the content types name it too, but not all writers get them right. */
const MAIN_PARTS: readonly (readonly [RegExp, Format])[] = [
  [/^word\/document\d*\.xml$/i, 'docx'],
  [/^ppt\/presentation\.xml$/i, 'pptx'],
  [/^xl\/workbook\d*\.xml$/i, 'xlsx'],
];
const CONTENT_TYPES: readonly (readonly [RegExp, Format])[] = [
  [/wordprocessingml\.(?:document|template)\.main|ms-word\.(?:document|template)\.macroEnabled/i, 'docx'],
  [/presentationml\.(?:presentation|slideshow|template)\.main|ms-powerpoint\.\w+\.macroEnabled/i, 'pptx'],
  [/spreadsheetml\.(?:sheet|template)\.main|ms-excel\.(?:sheet|template)\.macroEnabled/i, 'xlsx'],
];

export function detectZipFormat(bytes: Uint8Array, { maxUnpackedBytes }: ExtractionLimits): Format {
  const zip = new ZipArchive(bytes, { maxUnpackedBytes, what: 'archive' });
  const format = byMimeType(zip) ?? byParts(zip) ?? byContentTypes(zip);
  if (format) return format;
  throw new ExtractionError('unsupported-type', refusal(zip));
}

function byMimeType(zip: ZipArchive): Format | null {
  const type = textOf(zip, 'mimetype').trim();
  if (type === 'application/epub+zip') return 'epub';
  return /^application\/(?:vnd\.oasis\.opendocument\.|vnd\.sun\.xml\.)/.test(type) ? 'opendocument' : null;
}

function byParts(zip: ZipArchive): Format | null {
  for (const [pattern, format] of MAIN_PARTS) if (zip.names.some((name) => pattern.test(name))) return format;
  if (zip.has('META-INF/container.xml')) return 'epub';
  return zip.has('content.xml') && zip.has('META-INF/manifest.xml') ? 'opendocument' : null;
}

function byContentTypes(zip: ZipArchive): Format | null {
  const types = textOf(zip, '[Content_Types].xml');
  return CONTENT_TYPES.find(([pattern]) => pattern.test(types))?.[1] ?? null;
}

function textOf(zip: ZipArchive, name: string): string {
  const bytes = zip.read(name);
  return bytes ? Buffer.from(bytes.subarray(0, 1_000_000)).toString('utf8') : '';
}

function refusal(zip: ZipArchive): string {
  if (zip.has('xl/workbook.bin')) return 'This is a binary Excel workbook (XLSB). Save it as XLSX and upload that.';
  if (zip.has('Index/Document.iwa') || zip.has('index.xml') || zip.has('Index.zip')) {
    return 'This is an Apple Pages, Numbers or Keynote file. Export it as PDF or to the Office format and upload that.';
  }
  return 'This is a zip archive. Unpack it and upload the documents in it.';
}
