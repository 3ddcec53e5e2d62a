import {
  attribute,
  childElements,
  descendants,
  type MarkupElement,
  type MarkupNode,
  textOf,
} from '../../markup/element.ts';
import type { DocumentWriter } from '../../writing/document-writer.ts';

const SKIPPED = new Set([
  'script',
  'style',
  'head',
  'title',
  'template',
  'noscript',
  'svg',
  'rt',
  'rp',
  'annotation',
  'annotation-xml',
  'colgroup',
  'iframe',
]);
const BLOCKS = new Set(
  'address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre section summary table tbody td tfoot th thead tr ul'.split(
    ' ',
  ),
);
const LISTS = new Set(['ul', 'ol', 'menu', 'dir']);
/** A cell with more than this many blocks is a piece of the page, not a value. */
const BLOCKS_IN_CELL = 4;
const MAX_SPAN = 32;
/** Deeper ones are a page's way to indent. */
const DEEPEST_LIST = 12;

/** Writes HTML block by block; what is between blocks becomes paragraphs. */
export function writeHtmlBlocks(root: MarkupElement, writer: DocumentWriter): void {
  new HtmlBlocks(writer).children(root);
}

class HtmlBlocks {
  readonly #writer: DocumentWriter;
  #inline = '';

  constructor(writer: DocumentWriter) {
    this.#writer = writer;
  }

  children(element: MarkupElement): void {
    for (const child of element.children) this.#node(child);
    if (BLOCKS.has(element.name) || element.name === '') this.#flush();
  }

  #node(node: MarkupNode): void {
    if (typeof node === 'string') this.#inline += node.replace(/\s+/g, ' ');
    else if (node.name === 'br') this.#inline += '\n';
    else if (SKIPPED.has(node.name)) return;
    else if (BLOCKS.has(node.name) || LISTS.has(node.name)) this.#block(node);
    else this.children(node);
  }

  #block(element: MarkupElement): void {
    this.#flush();
    const level = /^h([1-6])$/.exec(element.name)?.[1];
    if (level) this.#writer.heading(Number(level), inlineText(element));
    else if (LISTS.has(element.name)) this.#list(element, 0);
    else if (element.name === 'pre') this.#writer.code(preformattedText(element));
    else if (element.name === 'dl') this.#definitions(element);
    else if (element.name === 'table') this.#table(element);
    else this.children(element);
  }

  #flush(): void {
    const text = tidyInline(this.#inline);
    this.#inline = '';
    if (text !== '') this.#writer.paragraph(text);
  }

  #list(list: MarkupElement, depth: number): void {
    if (depth > DEEPEST_LIST) {
      this.children(list);
      return;
    }
    let number = Number(attribute(list, 'start') ?? 1) || 1;
    for (const item of childElements(list)) {
      if (LISTS.has(item.name)) this.#list(item, depth + 1);
      else if (isRich(item)) this.children(item);
      else this.#item(item, depth, list.name === 'ol' ? `${number}.` : '-');
      if (item.name === 'li') number += 1;
    }
  }

  #item(item: MarkupElement, depth: number, mark: string): void {
    const nested: MarkupElement[] = [];
    this.#writer.listItem(inlineText(item, nested), { depth, mark });
    for (const list of nested) this.#list(list, depth + 1);
  }

  /** Each term with its descriptions on one line. */
  #definitions(list: MarkupElement): void {
    let term = '';
    for (const entry of descendants(list, 'dt', 'dd')) {
      const isTerm = entry.name === 'dt';
      const isLine = !isTerm && !isRich(entry);
      if (isLine) this.#writer.paragraph([term, inlineText(entry)].filter((part) => part !== '').join(': '));
      else this.#writer.paragraph(term);
      if (!isTerm && !isLine) this.children(entry);
      term = isTerm ? inlineText(entry) : '';
    }
    this.#writer.paragraph(term);
  }

  #table(table: MarkupElement): void {
    const rows = [...descendants(table, 'tr')].map((row) => [...childElements(row)].filter(isCell));
    if (isLayout(table, rows)) {
      this.children(table);
      return;
    }
    for (const caption of childElements(table, 'caption')) this.#writer.paragraph(inlineText(caption));
    const hasHead = headOf(rows);
    this.#writer.table(
      rows.map((cells) => cells.flatMap(cellTexts)),
      hasHead === null ? {} : { hasHead },
    );
  }
}

/** A first row of head cells names the columns; head cells elsewhere name rows; without any, the rows must tell. */
function headOf(rows: readonly MarkupElement[][]): boolean | null {
  const first = rows.find((cells) => cells.length > 1);
  if (first?.every(({ name }) => name === 'th')) return true;
  return rows.some((cells) => cells.some(({ name }) => name === 'th')) ? false : null;
}

function isCell({ name }: MarkupElement): boolean {
  return name === 'td' || name === 'th';
}

/** A table that only places things: another table inside, a cell with headings or many blocks, or a single cell. */
function isLayout(table: MarkupElement, rows: MarkupElement[][]): boolean {
  if (/^(?:presentation|none)$/.test(attribute(table, 'role') ?? '')) return true;
  if (rows.every((cells) => cells.length <= 1)) return true;
  return rows.flat().some((cell) => {
    if (descendants(cell, 'table', 'h1', 'h2', 'h3', 'pre').next().value) return true;
    return [...descendants(cell, 'p', 'ul', 'ol', 'div')].length > BLOCKS_IN_CELL;
  });
}

function cellTexts(cell: MarkupElement): string[] {
  const columns = Math.min(MAX_SPAN, Number(attribute(cell, 'colspan') ?? 1) || 1);
  return [inlineText(cell), ...Array<string>(Math.max(0, columns - 1)).fill('')];
}

/** Holds more than one line can show. */
function isRich(element: MarkupElement): boolean {
  return descendants(element, 'table', 'pre', 'h1', 'h2', 'h3', 'h4').next().value !== undefined;
}

/** The text of an element as one run, blocks in it parted by line breaks; lists go to `lists` where that is given. */
function inlineText(element: MarkupElement, lists?: MarkupElement[]): string {
  let text = '';
  const visit = (node: MarkupNode): void => {
    if (typeof node === 'string') text += node.replace(/\s+/g, ' ');
    else if (node.name === 'br') text += '\n';
    else if (lists && LISTS.has(node.name)) lists.push(node);
    else if (!SKIPPED.has(node.name)) {
      const separator = BLOCKS.has(node.name) ? '\n' : '';
      text += separator;
      for (const child of node.children) visit(child);
      text += separator;
    }
  };
  for (const child of element.children) visit(child);
  return tidyInline(text);
}

function tidyInline(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/[ \t\f]+/g, ' ').trim())
    .filter((line) => line !== '')
    .join('\n');
}

function preformattedText(element: MarkupElement): string {
  let text = '';
  for (const child of element.children) {
    if (typeof child === 'string') text += child;
    else text += child.name === 'br' ? '\n' : preformattedText(child);
  }
  return text || textOf(element);
}
