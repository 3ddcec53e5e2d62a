import { attribute, childElements, type MarkupElement } from '../../markup/element.ts';
import type { DocumentWriter } from '../../writing/document-writer.ts';
import { SheetTable } from '../spreadsheet/sheet-table.ts';
import { type OpenTextWriter, plainText, readInline } from './open-text.ts';

/** A value may be written once and repeated to the end of the sheet, a million times. */
const MAX_REPEATS = 128;

/** The sheets of an OpenDocument workbook, row by row. */
export class OpenSheets {
  readonly #writer: DocumentWriter;
  readonly #text: OpenTextWriter;
  #sheet: MarkupElement | null = null;
  #table: SheetTable | null = null;
  #remarks: string[] = [];
  #sheets = 0;
  #row = 0;

  constructor(writer: DocumentWriter, text: OpenTextWriter) {
    this.#writer = writer;
    this.#text = text;
  }

  static isRecord(name: string): boolean {
    return name === 'table-row' || name === 'shapes' || name === 'tracked-changes';
  }

  add(element: MarkupElement, ancestors: readonly MarkupElement[]): void {
    const sheet = ancestors.findLast(({ name }) => name === 'table');
    if (!sheet) return;
    if (sheet !== this.#sheet) this.#open(sheet);
    if (element.name === 'table-row') this.#addRow(element);
    else if (element.name === 'shapes') this.#text.writeChildren(element);
  }

  finish(): void {
    this.#table?.finish();
    for (const remark of this.#remarks) this.#writer.paragraph(remark);
    this.#remarks = [];
    this.#writer.pageCount = this.#sheets;
  }

  #open(sheet: MarkupElement): void {
    this.finish();
    this.#sheets += 1;
    this.#row = 0;
    this.#sheet = sheet;
    this.#writer.page = this.#sheets;
    this.#table = new SheetTable(this.#writer, attribute(sheet, 'name') ?? `Sheet ${this.#sheets}`);
  }

  #addRow(row: MarkupElement): void {
    const repeats = repeatsOf(row, 'number-rows-repeated');
    const cells = [...this.#cells(row)];
    const isEmpty = cells.every(({ text }) => text === '');
    for (let index = 1; index <= Math.min(repeats, isEmpty ? 0 : MAX_REPEATS); index += 1) {
      this.#table?.add(this.#row + index, cells);
    }
    this.#row += repeats;
  }

  *#cells(row: MarkupElement): Generator<{ column: number; text: string }> {
    let column = 0;
    for (const cell of childElements(row)) {
      const repeats = repeatsOf(cell, 'number-columns-repeated');
      const text = cell.name === 'table-cell' ? this.#cellText(cell) : '';
      for (let index = 0; index < Math.min(repeats, text === '' ? 0 : MAX_REPEATS); index += 1) {
        yield { column: column + index, text };
      }
      column += repeats;
    }
  }

  /** As it is shown; the bare value where a program did not write what it shows. */
  #cellText(cell: MarkupElement): string {
    const paragraphs = [...childElements(cell, 'p')].map(readInline);
    const annotations = [...childElements(cell, 'annotation')].map(plainText).filter((text) => text !== '');
    this.#remarks.push(
      ...paragraphs.flatMap(({ remarks }) => remarks),
      ...annotations.map((text) => `[Comment: ${text}]`),
    );
    const shown = paragraphs.map(({ text }) => text).join('\n');
    return (
      shown || (attribute(cell, 'string-value') ?? attribute(cell, 'date-value') ?? attribute(cell, 'value') ?? '')
    );
  }
}

function repeatsOf(element: MarkupElement, name: string): number {
  const repeats = Number(attribute(element, name) ?? 1);
  return Number.isSafeInteger(repeats) && repeats > 0 ? repeats : 1;
}
