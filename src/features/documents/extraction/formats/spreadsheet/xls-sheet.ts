import type { ByteReader } from '../../../../../lib/bytes/byte-reader.ts';
import type { DocumentWriter } from '../../writing/document-writer.ts';
import { type BiffRecord, CONTINUE, decodeRk, latin1, unicodeString } from './biff-records.ts';
import { SheetTable } from './sheet-table.ts';
import type { XlsWorkbook } from './xls-workbook.ts';

const ERRORS: Readonly<Record<number, string>> = {
  0: '#NULL!',
  7: '#DIV/0!',
  15: '#VALUE!',
  23: '#REF!',
  29: '#NAME?',
  36: '#NUM!',
  42: '#N/A',
};
const TEXT_OBJECT = 0x01b6;
const FORMULAS = new Set([0x0006, 0x0206, 0x0406]);

type Cell = { column: number; text: string };
type Place = { row: number; column: number };

/** One sheet of an XLS file: its cells, and the texts of its comments and text boxes. */
export class XlsSheet {
  readonly #workbook: XlsWorkbook;
  readonly #writer: DocumentWriter;
  readonly #name: string;
  readonly #hasCells: boolean;
  readonly #rows = new Map<number, Cell[]>();
  readonly #texts: string[] = [];
  /** The formula whose text comes in the next record. */
  #awaitsText: Place | null = null;
  #textLength = 0;

  constructor(workbook: XlsWorkbook, writer: DocumentWriter, name: string, hasCells: boolean) {
    this.#workbook = workbook;
    this.#writer = writer;
    this.#name = name;
    this.#hasCells = hasCells;
  }

  record({ type, reader }: BiffRecord): void {
    if (type === TEXT_OBJECT) this.#textLength = reader.uint16(10);
    else if (type === CONTINUE) this.#continuedText(reader);
    else if (this.#hasCells) this.#cellRecord(type, reader);
  }

  finish(): void {
    const table = new SheetTable(this.#writer, this.#name);
    for (const row of [...this.#rows.keys()].sort((left, right) => left - right)) {
      const cells = this.#rows.get(row) ?? [];
      table.add(
        row + 1,
        cells.sort((left, right) => left.column - right.column),
      );
    }
    table.finish();
    for (const text of this.#texts) this.#writer.paragraph(text);
  }

  #cellRecord(type: number, reader: ByteReader): void {
    const place = { row: reader.uint16(0), column: reader.uint16(2) };
    if (type === 0x00fd) this.#add(place, this.#workbook.strings[reader.uint32(6)] ?? '');
    else if (type === 0x0204 || type === 0x00d6) this.#add(place, this.#label(reader));
    else if (type === 0x0203) this.#addNumber(place, reader.float64(6), reader.uint16(4));
    else if (type === 0x027e) this.#addNumber(place, decodeRk(reader.int32(6)), reader.uint16(4));
    else if (type === 0x00bd) this.#addSeveral(place, reader);
    else if (type === 0x0205) this.#add(place, truthOrError(reader.uint8(6), reader.uint8(7)));
    else if (FORMULAS.has(type)) this.#addFormula(place, reader);
    else if (type === 0x0207 || type === 0x0007) this.#formulaText(type, reader);
    else this.#oldCellRecord(type, place, reader);
  }

  /** BIFF2 has three bytes of attributes where later versions have two. */
  #oldCellRecord(type: number, place: Place, reader: ByteReader): void {
    if (type === 0x0002) this.#add(place, String(reader.uint16(7)));
    else if (type === 0x0003) this.#add(place, this.#workbook.number(reader.float64(7), 0));
    else if (type === 0x0004) this.#add(place, this.#workbook.text(reader.slice(8, reader.uint8(7))));
    else if (type === 0x0005) this.#add(place, truthOrError(reader.uint8(7), reader.uint8(8)));
  }

  #label(reader: ByteReader): string {
    if (this.#workbook.version === 8) return unicodeString(reader, 6, 2);
    return this.#workbook.text(reader.slice(8, reader.uint16(6)));
  }

  #addSeveral({ row, column }: Place, reader: ByteReader): void {
    const count = Math.floor((reader.length - 6) / 6);
    for (let index = 0; index < count; index += 1) {
      const offset = 4 + index * 6;
      this.#addNumber({ row, column: column + index }, decodeRk(reader.int32(offset + 2)), reader.uint16(offset));
    }
  }

  #addFormula(place: Place, reader: ByteReader): void {
    const at = this.#workbook.version === 2 ? 7 : 6;
    if (reader.uint16(at + 6) !== 0xffff) {
      this.#addNumber(place, reader.float64(at), this.#workbook.version === 2 ? 0 : reader.uint16(4));
      return;
    }
    const kind = reader.uint8(at);
    if (kind === 0) this.#awaitsText = place;
    else if (kind === 1 || kind === 2) this.#add(place, truthOrError(reader.uint8(at + 2), kind - 1));
  }

  #formulaText(type: number, reader: ByteReader): void {
    const place = this.#awaitsText;
    this.#awaitsText = null;
    if (!place) return;
    if (this.#workbook.version === 8) this.#add(place, unicodeString(reader, 0, 2));
    else if (type === 0x0007) this.#add(place, this.#workbook.text(reader.slice(1, reader.uint8(0))));
    else this.#add(place, this.#workbook.text(reader.slice(2, reader.uint16(0))));
  }

  /** The first record behind a text object holds its characters, the second their formatting. */
  #continuedText(reader: ByteReader): void {
    if (this.#textLength === 0) return;
    const isWide = (reader.uint8(0) & 1) === 1;
    const text = isWide ? reader.utf16(1, this.#textLength) : latin1(reader.slice(1, this.#textLength));
    this.#textLength = 0;
    this.#texts.push(text);
  }

  #addNumber(place: Place, value: number, cellFormat: number): void {
    this.#add(place, this.#workbook.number(value, cellFormat));
  }

  #add({ row, column }: Place, text: string): void {
    if (text === '') return;
    const cells = this.#rows.get(row);
    if (cells) cells.push({ column, text });
    else this.#rows.set(row, [{ column, text }]);
  }
}

function truthOrError(value: number, isError: number): string {
  if (isError !== 0) return ERRORS[value] ?? '#ERROR';
  return value === 0 ? 'FALSE' : 'TRUE';
}
