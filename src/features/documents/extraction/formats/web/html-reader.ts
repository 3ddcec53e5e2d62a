import { decodeText } from '../../detection/charset.ts';
import { decode, isKnown } from '../../detection/code-pages.ts';
import type { DocumentReader } from '../../document-reader.ts';
import { descendants, type MarkupElement, textOf } from '../../markup/element.ts';
import { parseMarkup, TooDeepError } from '../../markup/parse-markup.ts';
import { stripTags } from '../../markup/strip-tags.ts';
import type { DocumentWriter } from '../../writing/document-writer.ts';
import { findContent } from './find-content.ts';
import { writeHtmlBlocks } from './write-html-blocks.ts';

/** Bytes in which a page has to declare its charset; the HTML standard asks for 1,024. */
const PRESCAN = 4_096;

/** Web pages: the content without the navigation around it, with headings, lists, tables and code. */
export const readHtml: DocumentReader = ({ bytes, charset }, writer) => {
  writeHtml(decodeHtml(bytes, charset), writer, { isPage: true });
};

/** `isPage` says that there may be navigation to leave out; a mail's or a book's HTML is content throughout. */
export function writeHtml(source: string, writer: DocumentWriter, { isPage }: { isPage: boolean }): void {
  const tree = parseOrNull(source);
  if (!tree) {
    writer.warn('The tags of this page are nested beyond reason; its text was taken without structure.');
    for (const paragraph of stripTags(source).split(/\n\s*\n/)) writer.paragraph(paragraph);
    return;
  }
  writer.setTitle(pageTitle(tree));
  writeHtmlBlocks(isPage ? findContent(tree) : tree, writer);
}

function parseOrNull(source: string): MarkupElement | null {
  try {
    return parseMarkup(source, { html: true });
  } catch (error) {
    if (error instanceof TooDeepError) return null;
    throw error;
  }
}

function pageTitle(tree: MarkupElement): string {
  const title = descendants(tree, 'title', 'svg', 'body').next().value;
  return title?.name === 'title' ? textOf(title) : '';
}

function decodeHtml(bytes: Uint8Array, declared: string | null): string {
  const hasMark =
    (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff) || bytes[0] === 0xef;
  const head = Buffer.from(bytes.subarray(0, PRESCAN)).toString('latin1');
  const stated =
    /<(?:meta\s[^>]{0,200}?\bcharset\s*=|\?xml\s[^>]{0,80}?\bencoding\s*=)\s*["']?\s*([\w:.-]{2,30})/i.exec(head)?.[1];
  const charset = stated?.toLowerCase();
  // Pages that say windows-1252 or Shift-JIS are right far more often than those that say UTF-8.
  if (!hasMark && charset && isKnown(charset) && !charset.startsWith('utf')) return decode(bytes, charset);
  return decodeText(bytes, declared);
}
