import { drawingParagraphs, drawingText, OfficePackage } from '../../containers/office-package.ts';
import type { DocumentReader } from '../../document-reader.ts';
import {
  attribute,
  childElements,
  descendants,
  findChild,
  type MarkupElement,
  prefixedAttribute,
} from '../../markup/element.ts';
import type { DocumentWriter } from '../../writing/document-writer.ts';

/** Placeholders that repeat on each slide or hold only its number. */
const FURNITURE = new Set(['sldNum', 'dt', 'sldImg', 'hdr']);

/**
 * PowerPoint presentations (PPTX, PPTM, PPSX, POTX). A slide is a page: its title a heading, then its text, tables,
 * charts and diagrams, its notes and comments. What a master or layout adds beyond placeholders comes once, last.
 */
export const readPptx: DocumentReader = ({ bytes, limits }, writer) => {
  const pack = new OfficePackage(bytes, { maxUnpackedBytes: limits.maxUnpackedBytes, what: 'presentation' });
  const main = pack.mainPart('ppt/presentation.xml');
  pack.readTitle(writer);
  const slides = slideParts(pack, main);
  const repeated = new Set<string>();
  for (const [index, slide] of slides.entries()) {
    writer.page = index + 1;
    writeSlide(pack, slide, writer, repeated);
  }
  writer.page = null;
  writer.pageCount = slides.length;
  writeMasters(pack, slides, writer);
};

/** In the order of the presentation, not of the file names. */
function slideParts(pack: OfficePackage, main: string): string[] {
  const targets = new Map(pack.relations(main).map(({ id, target }) => [id, target]));
  return [...descendants(pack.tree(main), 'sldId')].flatMap(
    (entry) => targets.get(prefixedAttribute(entry, 'id') ?? '') ?? [],
  );
}

function writeSlide(pack: OfficePackage, part: string, writer: DocumentWriter, repeated: Set<string>): void {
  if (pack.xml(part) === null) writer.warn(`Slide ${writer.page} could not be read.`);
  const shapes = [...descendants(pack.tree(part), 'sp', 'graphicFrame')];
  const titles = shapes.filter(isTitle);
  for (const shape of titles) writer.heading(1, drawingText(shape).replaceAll('\n', ' '));
  for (const shape of shapes) {
    if (shape.name === 'graphicFrame') writeFrame(pack, part, shape, writer);
    else if (!titles.includes(shape)) writeShape(shape, writer, repeated);
  }
  for (const notes of pack.related(part, 'notesSlide')) writeNotes(pack, notes, writer);
  for (const comments of pack.related(part, 'comments')) writeComments(pack, comments, writer);
}

function isTitle(shape: MarkupElement): boolean {
  return /^(?:title|ctrTitle)$/.test(placeholderType(shape) ?? '');
}

/** The kind of placeholder; "" for one without a kind, null for a shape that is none. */
function placeholderType(shape: MarkupElement): string | null {
  const placeholder = descendants(shape, 'ph').next().value;
  return placeholder ? (attribute(placeholder, 'type') ?? '') : null;
}

function writeShape(shape: MarkupElement, writer: DocumentWriter, repeated: Set<string>): void {
  const type = placeholderType(shape);
  if (type !== null && FURNITURE.has(type)) return;
  const text = drawingText(shape);
  if (type === 'ftr' && repeated.has(text)) return;
  if (type === 'ftr') repeated.add(text);
  const paragraphs = [...descendants(shape, 'p')].filter((paragraph) => drawingText(paragraph).trim() !== '');
  const isList = type !== null && type !== 'subTitle' && paragraphs.length > 1;
  for (const paragraph of paragraphs) {
    if (isList || hasBullet(paragraph)) writer.listItem(drawingText(paragraph), { depth: levelOf(paragraph) });
    else writer.paragraph(drawingText(paragraph));
  }
}

function hasBullet(paragraph: MarkupElement): boolean {
  const properties = findChild(paragraph, 'pPr');
  return findChild(properties, 'buChar') !== undefined || findChild(properties, 'buAutoNum') !== undefined;
}

function levelOf(paragraph: MarkupElement): number {
  const properties = findChild(paragraph, 'pPr');
  return Number((properties && attribute(properties, 'lvl')) ?? 0) || 0;
}

/** A table, or a chart or diagram, which are parts of their own. */
function writeFrame(pack: OfficePackage, part: string, frame: MarkupElement, writer: DocumentWriter): void {
  for (const table of descendants(frame, 'tbl')) {
    const rows = [...childElements(table, 'tr')].map((row) => [...childElements(row, 'tc')].map(cellText));
    writer.table(rows);
  }
  const targets = new Map(pack.relations(part).map(({ id, target }) => [id, target]));
  for (const reference of descendants(frame, 'chart', 'relIds')) {
    const id = prefixedAttribute(reference, reference.name === 'chart' ? 'id' : 'dm') ?? '';
    for (const text of drawingParagraphs(pack.tree(targets.get(id) ?? ''))) writer.paragraph(text);
  }
}

function cellText(cell: MarkupElement): string {
  return [...descendants(cell, 'p')].map(drawingText).join('\n');
}

function writeNotes(pack: OfficePackage, part: string, writer: DocumentWriter): void {
  const shapes = [...descendants(pack.tree(part), 'sp')].filter(
    (shape) => !FURNITURE.has(placeholderType(shape) ?? ''),
  );
  const text = shapes.flatMap(drawingParagraphs).join('\n').trim();
  if (text !== '') writer.paragraph(`Notes: ${text}`);
}

function writeComments(pack: OfficePackage, part: string, writer: DocumentWriter): void {
  for (const comment of descendants(pack.tree(part), 'cm')) {
    const text = [...descendants(comment, 'text', 't')].map(commentText).join('').trim();
    if (text !== '') writer.paragraph(`[Comment: ${text}]`);
  }
}

function commentText(element: MarkupElement): string {
  return element.children.map((child) => (typeof child === 'string' ? child : '')).join('');
}

/** Text boxes that stand on masters and layouts themselves; their placeholders only prompt whoever edits. */
function writeMasters(pack: OfficePackage, slides: readonly string[], writer: DocumentWriter): void {
  const layouts = new Set(slides.flatMap((slide) => pack.related(slide, 'slideLayout')));
  const masters = new Set([...layouts].flatMap((layout) => pack.related(layout, 'slideMaster')));
  const seen = new Set<string>();
  for (const part of [...masters, ...layouts]) {
    for (const shape of descendants(pack.tree(part), 'sp')) {
      const text = placeholderType(shape) === null ? drawingParagraphs(shape).join('\n') : '';
      if (!seen.has(text)) writer.paragraph(text);
      seen.add(text);
    }
  }
}
