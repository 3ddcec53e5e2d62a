import type { DocumentReader } from '../../document-reader.ts';
import { decodeXml } from '../../markup/decode-xml.ts';
import { childElements, descendants, findChild, type MarkupElement, textOf } from '../../markup/element.ts';
import { parseMarkup, TooDeepError } from '../../markup/parse-markup.ts';
import { stripTags } from '../../markup/strip-tags.ts';
import type { DocumentWriter } from '../../writing/document-writer.ts';
import { writeHtml } from './html-reader.ts';

/** Any XML: records as `name: value` lines, running text as paragraphs; feeds (RSS, Atom) entry by entry. */
export const readXml: DocumentReader = ({ bytes }, writer) => {
  const source = decodeXml(bytes);
  const tree = parseOrNull(source);
  if (!tree) {
    writer.warn('The elements of this file are nested beyond reason; its text was taken without structure.');
    writer.paragraph(stripTags(source));
    return;
  }
  const entries = [...descendants(tree, 'item', 'entry')];
  const isFeed = ['rss', 'feed', 'RDF'].some((name) => findChild(tree, name));
  if (isFeed) writeFeed(tree, entries, writer);
  else for (const element of childElements(tree)) writeElement(element, writer);
};

function parseOrNull(source: string): MarkupElement | null {
  try {
    return parseMarkup(source);
  } catch (error) {
    if (error instanceof TooDeepError) return null;
    throw error;
  }
}

function writeElement(element: MarkupElement, writer: DocumentWriter): void {
  if (isRunningText(element)) writer.paragraph(textOf(element));
  else if (isRecord(element)) writer.paragraph(recordLines(element).join('\n'));
  else for (const child of childElements(element)) writeElement(child, writer);
}

/** Text stands beside elements, or alone. */
function isRunningText(element: MarkupElement): boolean {
  return element.children.some((child) => typeof child === 'string' && child.trim() !== '');
}

function isRecord(element: MarkupElement): boolean {
  return (
    [...childElements(element)].every((child) => childElements(child).next().done) &&
    attributesOf(element).length + element.children.length > 0
  );
}

function recordLines(element: MarkupElement): string[] {
  const lines = attributesOf(element);
  for (const child of childElements(element)) {
    const text = [textOf(child).trim(), ...attributesOf(child)].filter((part) => part !== '').join('; ');
    if (text !== '') lines.push(`${child.name}: ${text}`);
  }
  return lines;
}

function attributesOf(element: MarkupElement): string[] {
  return Object.entries(element.attributes)
    .filter(([name, value]) => !/^xml(?:ns)?(?::|$)/.test(name) && value.trim() !== '')
    .map(([name, value]) => `${name}: ${value}`);
}

function writeFeed(tree: MarkupElement, entries: readonly MarkupElement[], writer: DocumentWriter): void {
  const channel = descendants(tree, 'channel', 'feed').next().value || tree;
  writer.heading(1, childText(channel, 'title'));
  writer.paragraph(childText(channel, 'description') || childText(channel, 'subtitle'));
  for (const entry of entries) {
    writer.heading(2, childText(entry, 'title'));
    writer.paragraph(childText(entry, 'pubDate') || childText(entry, 'published') || childText(entry, 'updated'));
    const body = ['encoded', 'content', 'description', 'summary']
      .map((name) => findChild(entry, name))
      .find((found) => found && textOf(found).trim() !== '');
    if (body) writeHtml(textOf(body), writer, { isPage: false });
  }
}

/** A feed's texts hold HTML, escaped once more. */
function childText(element: MarkupElement, name: string): string {
  const child = findChild(element, name);
  return child ? stripTags(textOf(child)) : '';
}
