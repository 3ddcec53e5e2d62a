import { attribute, childElements, descendants, type MarkupElement } from '../../markup/element.ts';
import type { DocumentWriter } from '../../writing/document-writer.ts';
import type { OpenListStyles } from './list-styles.ts';

/** A paragraph's text, and what is anchored in it and written after it. */
type Inline = { text: string; anchored: MarkupElement[]; remarks: string[] };

const SKIPPED = new Set([
  'tracked-changes',
  'forms',
  'sequence-decls',
  'variable-decls',
  'user-field-decls',
  'ruby-text',
]);
const LISTS = new Set(['list', 'ordered-list', 'unordered-list']);
const MAX_SPACES = 200;

/** Writes the elements of OpenDocument's text: paragraphs, headings, lists, tables, frames, notes. */
export class OpenTextWriter {
  readonly #writer: DocumentWriter;
  readonly #lists: OpenListStyles;

  constructor(writer: DocumentWriter, lists: OpenListStyles) {
    this.#writer = writer;
    this.#lists = lists;
  }

  write(element: MarkupElement): void {
    if (SKIPPED.has(element.name)) return;
    if (element.name === 'h')
      this.#writeInline(element, Number(attribute(element, 'outline-level') ?? attribute(element, 'level') ?? 1));
    else if (element.name === 'p') this.#writeInline(element, 0);
    else if (LISTS.has(element.name)) this.#writeList(element, 0, '');
    else if (element.name === 'table') this.#writeTable(element);
    else if (element.name === 'notes') this.#writeNotes(element);
    else if (element.name === 'annotation') this.#remark(element);
    else this.writeChildren(element);
  }

  writeChildren(parent: MarkupElement): void {
    for (const child of childElements(parent)) this.write(child);
  }

  /** The title's frame becomes the slide's heading, wherever it stands. */
  writeSlide(page: MarkupElement): void {
    const isTitle = (frame: MarkupElement): boolean => attribute(frame, 'class') === 'title';
    const frames = [...childElements(page)];
    for (const frame of frames.filter(isTitle)) this.#writer.heading(1, plainText(frame));
    for (const frame of frames) if (!isTitle(frame)) this.write(frame);
  }

  #writeInline(element: MarkupElement, level: number): void {
    const inline = readInline(element);
    if (level > 0) this.#writer.heading(level, inline.text);
    else this.#writer.paragraph(inline.text);
    this.#writeAnchored(inline);
  }

  #writeAnchored({ anchored, remarks }: Inline): void {
    for (const element of anchored) this.writeChildren(element);
    for (const remark of remarks) this.#writer.paragraph(remark);
  }

  /** A list inside another has the style of the outer one unless it names its own. */
  #writeList(list: MarkupElement, depth: number, outerStyle: string): void {
    const style = attribute(list, 'style-name') ?? outerStyle;
    for (const [index, item] of [...childElements(list)].entries()) {
      for (const child of childElements(item)) {
        if (LISTS.has(child.name)) this.#writeList(child, depth + 1, style);
        else if (child.name === 'h') this.write(child);
        else this.#writeItem(child, depth, this.#lists.mark(style, depth, index + 1));
      }
    }
  }

  #writeItem(element: MarkupElement, depth: number, mark: string): void {
    const inline = readInline(element);
    this.#writer.listItem(inline.text, { depth, mark });
    this.#writeAnchored(inline);
  }

  #writeTable(table: MarkupElement): void {
    const later: Inline[] = [];
    const cellText = (cell: MarkupElement): string => {
      const reads = [...descendants(cell, 'p', 'h')].map(readInline);
      later.push(...reads.filter(({ anchored, remarks }) => anchored.length + remarks.length > 0));
      return reads.map(({ text }) => text).join('\n');
    };
    const rows = [...descendants(table, 'table-row')].map((row) => [...childElements(row)].map(cellText));
    const hasHead = descendants(table, 'table-header-rows').next().value !== undefined;
    this.#writer.table(rows, hasHead ? { hasHead } : {});
    for (const inline of later) this.#writeAnchored(inline);
  }

  #writeNotes(notes: MarkupElement): void {
    const text = plainText(notes);
    if (text !== '') this.#writer.paragraph(`Notes: ${text}`);
  }

  #remark(annotation: MarkupElement): void {
    const text = plainText(annotation);
    if (text !== '') this.#writer.paragraph(`[Comment: ${text}]`);
  }
}

/** All paragraphs below, one a line. */
export function plainText(element: MarkupElement): string {
  return [...descendants(element, 'p', 'h')]
    .map((paragraph) => readInline(paragraph).text.trim())
    .filter((text) => text !== '')
    .join('\n');
}

export function readInline(element: MarkupElement): Inline {
  const inline: Inline = { text: '', anchored: [], remarks: [] };
  collect(element, inline);
  return inline;
}

function collect(element: MarkupElement, into: Inline): void {
  for (const child of element.children) {
    // Line breaks and runs of spaces in the source mean one space.
    if (typeof child === 'string') into.text += child.replace(/\s+/g, ' ');
    else collectElement(child, into);
  }
}

function collectElement(element: MarkupElement, into: Inline): void {
  switch (element.name) {
    case 's':
      into.text += ' '.repeat(Math.min(MAX_SPACES, Number(attribute(element, 'c') ?? 1) || 1));
      return;
    case 'tab':
    case 'tab-stop':
      into.text += '\t';
      return;
    case 'line-break':
      into.text += '\n';
      return;
    case 'note':
    case 'footnote':
    case 'endnote':
      collectNote(element, into);
      return;
    case 'annotation':
      into.remarks.push(`[Comment: ${plainText(element)}]`);
      return;
    case 'text-box':
    case 'table':
      into.anchored.push(element);
      return;
    default:
      collectOther(element, into);
  }
}

/** Shapes with text of their own stand beside the paragraph that they are anchored in. */
function collectOther(element: MarkupElement, into: Inline): void {
  if (SKIPPED.has(element.name) || element.name === 'desc') return;
  const isShape = /^(?:custom-shape|rect|ellipse|line|path|polygon|connector|caption)$/.test(element.name);
  if (isShape) into.anchored.push(element);
  else collect(element, into);
}

function collectNote(note: MarkupElement, into: Inline): void {
  const citation = descendants(note, 'note-citation', 'footnote-citation', 'endnote-citation').next().value;
  const mark = citation ? readInline(citation).text.trim() : '*';
  into.text += `[${mark}]`;
  const text = plainText(note);
  if (text !== '') into.remarks.push(`[${mark}] ${text}`);
}
