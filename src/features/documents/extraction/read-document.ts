import { detectFormat } from './detection/detect-format.ts';
import type { Format } from './detection/format.ts';
import type { DocumentReader, NestedFile, ReadContext } from './document-reader.ts';
import type { ExtractedDocument, ExtractionInput, ExtractionLimits } from './extracted-document.ts';
import { damaged, ExtractionError } from './extraction-error.ts';
import { TooDeepError } from './markup/parse-markup.ts';
import { DocumentWriter } from './writing/document-writer.ts';

/** Attachments of attachments of attachments. */
const MAX_NESTING = 3;

/** Each is loaded when its first file comes: together they are thirty times what plain text needs. */
const READERS: Readonly<Record<Format, () => Promise<DocumentReader>>> = {
  pdf: async () => (await import('./formats/pdf/pdf-reader.ts')).readPdf,
  docx: async () => (await import('./formats/word/docx-reader.ts')).readDocx,
  doc: async () => (await import('./formats/word/doc-reader.ts')).readDoc,
  pptx: async () => (await import('./formats/presentation/pptx-reader.ts')).readPptx,
  ppt: async () => (await import('./formats/presentation/ppt-reader.ts')).readPpt,
  xlsx: async () => (await import('./formats/spreadsheet/xlsx-reader.ts')).readXlsx,
  xls: async () => (await import('./formats/spreadsheet/xls-reader.ts')).readXls,
  opendocument: async () => (await import('./formats/open-document/open-document-reader.ts')).readOpenDocument,
  'flat-opendocument': async () =>
    (await import('./formats/open-document/open-document-reader.ts')).readFlatOpenDocument,
  rtf: async () => (await import('./formats/rich-text/rtf-reader.ts')).readRtf,
  epub: async () => (await import('./formats/web/epub-reader.ts')).readEpub,
  outlook: async () => (await import('./formats/mail/outlook-message-reader.ts')).readOutlookMessage,
  email: async () => (await import('./formats/mail/email-reader.ts')).readEmail,
  html: async () => (await import('./formats/web/html-reader.ts')).readHtml,
  xml: async () => (await import('./formats/web/xml-reader.ts')).readXml,
  json: async () => (await import('./formats/plain/json.ts')).readJson,
  notebook: async () => (await import('./formats/plain/json.ts')).readNotebook,
  csv: async () => (await import('./formats/plain/delimited.ts')).readDelimited,
  markdown: async () => (await import('./formats/plain/markdown.ts')).readMarkdown,
  code: async () => (await import('./formats/plain/plain-text.ts')).readSourceCode,
  text: async () => (await import('./formats/plain/plain-text.ts')).readPlainText,
};

/**
 * Reads a document in this thread, without bounds on time and memory: for the reading process and for tests; everyone
 * else asks a TextExtractor. Throws ExtractionError for what a person can mend, and whatever else a reader throws.
 */
export async function readDocument(input: ExtractionInput, limits: ExtractionLimits): Promise<ExtractedDocument> {
  if (input.bytes.length === 0) throw new ExtractionError('empty', 'This file is empty (0 bytes). Upload it again.');
  const writer = new DocumentWriter(limits.maxCharacters);
  const format = await readInto(input, limits, writer, 0);
  if (writer.isEmpty) throw new ExtractionError('empty', 'There is no text in this file.');
  return writer.finish(format);
}

async function readInto(
  input: ExtractionInput,
  limits: ExtractionLimits,
  writer: DocumentWriter,
  depth: number,
): Promise<string> {
  const format = detectFormat(input, limits);
  const context: ReadContext = {
    bytes: input.bytes,
    filename: input.filename,
    charset: /charset=["']?([\w:.-]{1,40})/i.exec(input.declaredType ?? '')?.[1]?.toLowerCase() ?? null,
    limits,
    readNested: (file) => readNested(file, limits, writer, depth + 1),
  };
  const read = await READERS[format]();
  try {
    await read(context, writer);
  } catch (error) {
    throw error instanceof TooDeepError ? damaged('file', error) : error;
  }
  return format;
}

/** An attachment that cannot be read is a warning; one that breaks a limit of the whole ends the whole. */
async function readNested(
  file: NestedFile,
  limits: ExtractionLimits,
  writer: DocumentWriter,
  depth: number,
): Promise<void> {
  const name = file.name === '' ? 'without a name' : `“${file.name}”`;
  if (/^(?:image|audio|video)\//.test(file.declaredType ?? '') || file.bytes.length === 0) return;
  if (depth > MAX_NESTING) return writer.warn(`The attachment ${name} is nested too deep and was not read.`);
  const page = writer.page;
  writer.page = null;
  try {
    writer.heading(2, `Attachment: ${file.name}`);
    await readInto({ bytes: file.bytes, filename: file.name, declaredType: file.declaredType }, limits, writer, depth);
  } catch (error) {
    if (error instanceof ExtractionError && error.failure === 'too-large') throw error;
    writer.warn(`The attachment ${name} could not be read.`);
  } finally {
    writer.page = page;
  }
}
