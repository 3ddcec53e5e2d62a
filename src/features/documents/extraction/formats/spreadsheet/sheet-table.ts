import type { DocumentWriter } from '../../writing/document-writer.ts';

type Cell = { column: number; text: string };

/** A lone cell in column XFD must not make a row of 16,384: beyond this, cells follow one another. */
const MAX_BLANKS = 64;

/** Collects the rows of a sheet and writes them as tables, parted where rows are left out. */
export class SheetTable {
  readonly #writer: DocumentWriter;
  readonly #name: string;
  #rows: string[][] = [];
  #lastRow = 0;

  constructor(writer: DocumentWriter, name: string) {
    this.#writer = writer;
    this.#name = name;
  }

  /** `number` counts rows from 1; 0 where the file does not say. */
  add(number: number, cells: Iterable<Cell>): void {
    const row: string[] = [];
    for (const { column, text } of cells) {
      if (text === '') continue;
      while (row.length < column && column - row.length <= MAX_BLANKS) row.push('');
      row.push(text);
    }
    if (row.length === 0) return;
    if (number > this.#lastRow + 1 && this.#lastRow > 0) this.#rows.push([]);
    this.#lastRow = number || this.#lastRow + 1;
    this.#rows.push(row);
  }

  /** A sheet without cells leaves no trace: new workbooks have some. */
  finish(): void {
    if (this.#rows.length === 0) return;
    this.#writer.heading(2, this.#name);
    this.#writer.table(this.#rows);
    this.#rows = [];
  }
}
