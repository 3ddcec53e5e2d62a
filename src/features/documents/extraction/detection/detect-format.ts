import { CompoundFile } from '../containers/compound-file.ts';
import type { ExtractionInput, ExtractionLimits } from '../extracted-document.ts';
import { ExtractionError, passwordProtected } from '../extraction-error.ts';
import { isBinary } from './binary.ts';
import type { Format } from './format.ts';
import { knownBinary } from './signatures.ts';
import { detectTextFormat } from './text-format.ts';
import { detectZipFormat } from './zip-format.ts';

/** How far a PDF may be from the start of its file: mail gateways and printers put lines before it. */
const PDF_SEARCH = 1_024;

/**
 * The format by what the file holds. Its name and declared type only tell apart what looks the same: Markdown, CSV
 * and other text. Raises unsupported-type for what has no text.
 */
export function detectFormat(input: ExtractionInput, limits: ExtractionLimits): Format {
  const { bytes } = input;
  const head = Buffer.from(bytes.subarray(0, PDF_SEARCH)).toString('latin1');
  if (head.includes('%PDF-')) return 'pdf';
  if (/^\s*\{\\rtf/.test(head)) return 'rtf';
  if (['PK\u0003\u0004', 'PK\u0005\u0006'].includes(head.slice(0, 4))) return detectZipFormat(bytes, limits);
  if (head.startsWith('\xd0\xcf\x11\xe0')) return detectCompoundFormat(bytes);
  if (isBareWorkbook(bytes)) return 'xls';
  const binary = knownBinary(bytes);
  if (binary) throw unsupported(`This file is ${binary}.`);
  if (isBinary(bytes)) throw unsupported('This file is not text, nor of a format that can be read.');
  return detectTextFormat(input);
}

export function unsupported(what: string): ExtractionError {
  const advice =
    'Upload a document with text: PDF, Word, Excel, PowerPoint, OpenDocument, RTF, EPUB, HTML, Markdown, text, CSV, JSON, XML or e-mail.';
  return new ExtractionError('unsupported-type', `${what} ${advice}`);
}

/** Excel before version 5 wrote its records without a compound file around them: a first one of 4 to 16 bytes. */
function isBareWorkbook([type, version, length, high]: Uint8Array): boolean {
  return type === 9 && [0, 2, 4, 8].includes(version ?? -1) && [4, 6, 8, 16].includes(length ?? -1) && high === 0;
}

function detectCompoundFormat(bytes: Uint8Array): Format {
  const file = new CompoundFile(bytes);
  if (file.has('EncryptedPackage')) throw passwordProtected('Office document');
  if (file.has('WordDocument')) return 'doc';
  if (file.has('Workbook') || file.has('Book')) return 'xls';
  if (file.has('PowerPoint Document')) return 'ppt';
  if (file.has('__properties_version1.0')) return 'outlook';
  throw unsupported('This is an Office file of a kind that cannot be read (Visio, Publisher, Works or the like).');
}
