import type { PDFDocumentProxy, PDFPageProxy } from 'pdfjs-dist/types/src/display/api.js';
import { meaningfulTitle } from '../../containers/office-package.ts';
import type { DocumentReader } from '../../document-reader.ts';
import { damaged, ExtractionError } from '../../extraction-error.ts';
import type { DocumentWriter } from '../../writing/document-writer.ts';
import { type HeadingLevels, headingLevels } from './headings.ts';
import { openPdf } from './open-pdf.ts';
import { type Line, linesOf, type TextItem } from './page-lines.ts';
import { joinLines, type Paragraph, paragraphsOf, startsItem, wordsOf } from './paragraphs.ts';
import { withoutRunningHeads } from './running-heads.ts';

/** A page's lines, and the texts of its form fields and remarks. */
type PageText = { page: number; lines: Line[]; remarks: string[] };

/** More pages than any book has; a false count must not keep us busy for an hour. */
const MAX_PAGES = 20_000;

/** PDF, page by page, with paragraphs put together and headings found by their letters' size. */
export const readPdf: DocumentReader = async ({ bytes, limits }, writer) => {
  const document = await openPdf(bytes);
  writer.pageCount = document.numPages;
  await readTitle(document, writer);
  const pages = await readPages(document, writer, limits.maxCharacters);
  const bodies = withoutRunningHeads(pages.map(({ lines }) => lines));
  const lines = bodies.flat();
  const words = wordsOf(lines);
  const levelOf = headingLevels(lines);
  for (const [index, { page, remarks }] of pages.entries()) {
    writer.page = page;
    for (const paragraph of paragraphsOf(bodies[index] ?? [])) writeParagraph(paragraph, words, levelOf, writer);
    for (const remark of remarks) writer.paragraph(remark);
  }
  if (writer.isEmpty) throw noText();
};

function noText(): ExtractionError {
  const detail =
    'This PDF has no text, only pictures of pages. Run text recognition (OCR) on it and upload the result.';
  return new ExtractionError('empty', detail);
}

async function readTitle(document: PDFDocumentProxy, writer: DocumentWriter): Promise<void> {
  try {
    const { info } = await document.getMetadata();
    const title: unknown = 'Title' in info ? info.Title : '';
    if (typeof title === 'string') writer.setTitle(meaningfulTitle(title));
  } catch {
    writer.warn('The properties of this PDF could not be read.');
  }
}

async function readPages(
  document: PDFDocumentProxy,
  writer: DocumentWriter,
  maxCharacters: number,
): Promise<PageText[]> {
  const pages: PageText[] = [];
  const failed: number[] = [];
  let characters = 0;
  const count = Math.min(document.numPages, MAX_PAGES);
  for (let page = 1; page <= count && characters <= maxCharacters; page += 1) {
    try {
      const text = await readPage(await document.getPage(page), page);
      characters += text.lines.reduce((sum, line) => sum + line.text.length, 0);
      pages.push(text);
    } catch {
      failed.push(page);
    }
  }
  if (pages.length === 0) throw damaged('PDF');
  if (failed.length > 0) writer.warn(unreadable(failed));
  if (document.numPages > MAX_PAGES) writer.warn(`Only the first ${MAX_PAGES} pages were read.`);
  return pages;
}

function unreadable(pages: readonly number[]): string {
  const listed = pages.slice(0, 10).join(', ') + (pages.length > 10 ? ', …' : '');
  return pages.length === 1 ? `Page ${listed} could not be read.` : `Pages ${listed} could not be read.`;
}

async function readPage(page: PDFPageProxy, number: number): Promise<PageText> {
  const { items, styles } = await page.getTextContent();
  const texts = items.flatMap((item): TextItem[] => {
    if (!('str' in item)) return [];
    return [styles[item.fontName]?.vertical ? { ...item, dir: 'ttb' } : item];
  });
  const lines = linesOf(texts, number);
  const remarks = await readRemarks(page);
  page.cleanup();
  return { page: number, lines, remarks };
}

/** Values of form fields, and what people wrote onto the page. */
async function readRemarks(page: PDFPageProxy): Promise<string[]> {
  const annotations: unknown[] = await page.getAnnotations().catch(() => []);
  return annotations.flatMap((annotation) => {
    const { subtype, fieldName, fieldValue, contentsObj } = annotation as Record<string, unknown>;
    if (subtype === 'Widget')
      return typeof fieldValue === 'string' && fieldValue.trim() !== '' && fieldValue !== 'Off'
        ? `${String(fieldName)}: ${fieldValue}`
        : [];
    const text = subtype === 'Popup' || subtype === 'Link' ? '' : (contentsObj as { str?: unknown } | undefined)?.str;
    return typeof text === 'string' && text.trim() !== '' ? text : [];
  });
}

function writeParagraph(
  paragraph: Paragraph,
  words: ReadonlySet<string>,
  levelOf: HeadingLevels,
  writer: DocumentWriter,
): void {
  const { lines } = paragraph;
  if (lines.length > 1 && lines.every(({ hasGaps }) => hasGaps)) {
    writer.verbatim('table', lines.map(({ text }) => text).join('\n'));
    return;
  }
  const text = joinLines(lines, words);
  const level = levelOf(paragraph, text);
  const bullet = /^[•‣▪◦●■□∙·○\ue000-\uf8ff]\s*([\s\S]+)$/u.exec(text);
  if (level > 0) writer.heading(level, text);
  else if (bullet) writer.listItem(bullet[1] ?? '', { mark: '•' });
  else if (startsItem(text)) writer.verbatim('list', text);
  else writer.paragraph(text);
}
