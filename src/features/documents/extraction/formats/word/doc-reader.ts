import { ByteReader } from '../../../../../lib/bytes/byte-reader.ts';
import { CompoundFile } from '../../containers/compound-file.ts';
import { readSummaryTitle } from '../../containers/summary-information.ts';
import type { DocumentReader } from '../../document-reader.ts';
import { damaged, passwordProtected } from '../../extraction-error.ts';
import type { DocumentWriter } from '../../writing/document-writer.ts';
import { type DocParagraph, DocProperties } from './doc-properties.ts';
import { DocText } from './doc-text.ts';

const SIGNATURES = new Set([0xa5ec, 0xa5dc]);
const ENCRYPTED = 0x0100;
const SECOND_TABLE = 0x0200;
/** The mark that ends a cell or a row. */
const CELL_END = '\u0007';
const PARAGRAPH_ENDS = new RegExp(`[\\r\\f${CELL_END}]`, 'g');
const FIELD = { begin: '\u0013', separate: '\u0014', end: '\u0015' } as const;
const FIELD_MARKS = new RegExp(`([${Object.values(FIELD).join('')}])`);

/**
 * Word documents of 1993 to 2003 (Word 6, 95, 97 to 2003). Own reading: the kept package for it reads neither Word 6
 * nor tables, and has had no release since 2021.
 */
export const readDoc: DocumentReader = ({ bytes }, writer) => {
  const file = new CompoundFile(bytes);
  const stream = file.read('WordDocument');
  if (!stream) throw damaged('Word document');
  const main = new ByteReader(stream);
  if (!SIGNATURES.has(main.uint16(0))) throw damaged('Word document');
  if ((main.uint16(0x0a) & ENCRYPTED) !== 0) throw passwordProtected('Word document');
  readSummaryTitle(file, writer);
  const tableName = (main.uint16(0x0a) & SECOND_TABLE) !== 0 ? '1Table' : '0Table';
  const table = new ByteReader(file.read(tableName) ?? new Uint8Array());
  const text = new DocText(main, table);
  const properties = text.isOld ? null : new DocProperties(main, table);
  new DocBody(text, properties, writer).write();
};

class DocBody {
  readonly #source: DocText;
  readonly #properties: DocProperties | null;
  readonly #writer: DocumentWriter;
  #cells: string[] = [];
  #cell = '';
  #rows: string[][] = [];

  constructor(source: DocText, properties: DocProperties | null, writer: DocumentWriter) {
    this.#source = source;
    this.#properties = properties;
    this.#writer = writer;
  }

  /** The main text, then notes, comments and text boxes, then headers and footers, each of these once. */
  write(): void {
    const { main, footnotes, headers, comments, endnotes, boxes } = this.#source.parts;
    const afterHeaders = main + footnotes + headers;
    this.#writeRange(0, main);
    this.#writeRange(main, main + footnotes);
    this.#writeRange(afterHeaders, afterHeaders + comments + endnotes + boxes);
    const texts = visibleText(this.#source.text.slice(main + footnotes, afterHeaders)).split(PARAGRAPH_ENDS);
    for (const text of new Set(texts.map((part) => part.trim()))) this.#writer.paragraph(text);
  }

  #writeRange(from: number, to: number): void {
    const end = Math.min(to, this.#source.text.length);
    const stops = new RegExp(PARAGRAPH_ENDS);
    stops.lastIndex = from;
    let start = from;
    for (let match = stops.exec(this.#source.text); match && match.index < end; match = stops.exec(this.#source.text)) {
      this.#paragraph(start, match.index, match[0]);
      start = match.index + 1;
    }
    if (start < end) this.#paragraph(start, end, '\r');
    this.#endTable();
  }

  #paragraph(start: number, end: number, stop: string): void {
    const text = visibleText(this.#source.text.slice(start, end));
    const properties = this.#properties?.at(this.#source.offsetOf(end)) ?? null;
    if (stop === CELL_END) this.#cellEnd(text, properties);
    else if (this.#cells.length > 0 || this.#isInRow(end)) this.#cell += `${text}\n`;
    else this.#plainParagraph(text, properties);
  }

  /** Whether the next mark ends a cell of a row that has begun: a cell may hold several paragraphs. */
  #isInRow(end: number): boolean {
    const next = this.#source.text.slice(end + 1, end + 400).search(PARAGRAPH_ENDS);
    return this.#rows.length > 0 && next >= 0 && this.#source.text[end + 1 + next] === CELL_END;
  }

  #cellEnd(text: string, properties: DocParagraph | null): void {
    const endsRow = properties ? properties.endsRow : text === '' && this.#cells.length > 0;
    if (!endsRow) {
      this.#cells.push(this.#cell + text);
      this.#cell = '';
      return;
    }
    this.#rows.push(this.#cells);
    this.#cells = [];
  }

  #plainParagraph(text: string, properties: DocParagraph | null): void {
    this.#endTable();
    const style = properties?.style ?? 0;
    // Styles 1 to 9 are "heading 1" to "heading 9" in every document.
    if (style >= 1 && style <= 9) this.#writer.heading(style, text);
    else if (properties && properties.list > 0 && properties.list < 0x7ff) {
      this.#writer.listItem(text, { depth: properties.listLevel });
    } else this.#writer.paragraph(text);
  }

  #endTable(): void {
    if (this.#cells.length > 0) this.#rows.push(this.#cells);
    if (this.#rows.length > 0) this.#writer.table(this.#rows);
    this.#rows = [];
    this.#cells = [];
    if (this.#cell !== '') this.#writer.paragraph(this.#cell);
    this.#cell = '';
  }
}

/** Without the codes of fields (begin, code, separator, result, end), with Word's own marks as characters. */
function visibleText(source: string): string {
  let text = '';
  let hidden = 0;
  for (const part of source.split(FIELD_MARKS)) {
    if (part === FIELD.begin) hidden += 1;
    else if (part === FIELD.separate) hidden = Math.max(0, hidden - 1);
    else if (part !== FIELD.end && hidden === 0) text += part;
  }
  return text.replaceAll('\u001e', '-').replaceAll('\u000b', '\n').replaceAll('\u001f', '');
}
