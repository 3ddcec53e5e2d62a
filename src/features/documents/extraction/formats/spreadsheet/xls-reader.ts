import type { ByteReader } from '../../../../../lib/bytes/byte-reader.ts';
import { CompoundFile } from '../../containers/compound-file.ts';
import { readSummaryTitle } from '../../containers/summary-information.ts';
import { charsetOfCodePage, decode } from '../../detection/code-pages.ts';
import type { DocumentReader } from '../../document-reader.ts';
import { damaged, passwordProtected } from '../../extraction-error.ts';
import type { DocumentWriter } from '../../writing/document-writer.ts';
import { type BiffRecord, biffRecords, CONTINUE, sharedStrings, unicodeString } from './biff-records.ts';
import { type CellFormat, cellFormatOf, formatNumber } from './cell-format.ts';
import { XlsSheet } from './xls-sheet.ts';
import type { XlsWorkbook } from './xls-workbook.ts';

const LATEST_BEGINNING = 0x0809;
const VERSIONS: ReadonlyMap<number, number> = new Map([
  [0x0009, 2],
  [0x0209, 3],
  [0x0409, 4],
  [LATEST_BEGINNING, 5],
]);
const RECORD = {
  end: 0x000a,
  filePassword: 0x002f,
  codePage: 0x0042,
  dateMode: 0x0022,
  sheet: 0x0085,
  sharedStrings: 0x00fc,
  formats: new Set([0x001e, 0x041e]),
  cellFormats: new Set([0x0243, 0x0443, 0x00e0]),
} as const;
const COMPOUND_SIGNATURE = 0xd0;
const CHART = 0x20;

/** Excel workbooks of 1987 to 2003 (BIFF2 to BIFF8). Own reading: SheetJS, the kept one, is not kept on npm. */
export const readXls: DocumentReader = ({ bytes }, writer) => {
  const stream = bytes[0] === COMPOUND_SIGNATURE ? workbookStream(new CompoundFile(bytes), writer) : bytes;
  new XlsParser(writer).run(stream);
};

function workbookStream(file: CompoundFile, writer: DocumentWriter): Uint8Array {
  readSummaryTitle(file, writer);
  const stream = file.read('Workbook') ?? file.read('Book');
  if (!stream) throw damaged('workbook');
  return stream;
}

class XlsParser implements XlsWorkbook {
  readonly #writer: DocumentWriter;
  readonly #sheetNames = new Map<number, string>();
  readonly #formatCodes = new Map<number, string>();
  readonly #cellFormatIds: number[] = [];
  readonly #kinds = new Map<number, CellFormat>();
  strings: string[] = [];
  version = 8;
  #stringParts: ByteReader[] = [];
  #charset = 'windows-1252';
  #uses1904 = false;
  #sheets = 0;
  #depth = 0;
  #sheet: XlsSheet | null = null;

  constructor(writer: DocumentWriter) {
    this.#writer = writer;
  }

  run(stream: Uint8Array): void {
    let previous = 0;
    for (const record of biffRecords(stream)) {
      if (record.type === CONTINUE && previous === RECORD.sharedStrings) this.#stringParts.push(record.reader);
      else {
        previous = record.type;
        this.#record(record);
      }
    }
    this.#sheet?.finish();
    this.#writer.pageCount = this.#sheets;
  }

  text(bytes: Uint8Array): string {
    return decode(bytes, this.#charset);
  }

  number(value: number, cellFormat: number): string {
    const id = this.#cellFormatIds[cellFormat] ?? 0;
    const kind = this.#kinds.get(id) ?? cellFormatOf(id, this.#formatCodes.get(id));
    this.#kinds.set(id, kind);
    return formatNumber(value, kind, this.#uses1904);
  }

  #record(record: BiffRecord): void {
    if (VERSIONS.has(record.type)) this.#begin(record);
    else if (record.type === RECORD.end) this.#end();
    else if (record.type === RECORD.filePassword) throw passwordProtected('workbook');
    // Charts inside a sheet hold copies of its numbers.
    else if (this.#depth === 1) this.#ownRecord(record);
  }

  #ownRecord(record: BiffRecord): void {
    this.#sheet?.record(record);
    if (!this.#sheet || this.version <= 4) this.#globalRecord(record);
  }

  /** A stream of old (BIFF4 and before) is one sheet; later ones hold a part for the workbook, then one a sheet. */
  #begin({ type, reader, offset }: BiffRecord): void {
    this.#depth += 1;
    if (this.#depth > 1) return;
    const kind = reader.uint16(2);
    this.version = type === LATEST_BEGINNING && reader.uint16(0) === 0x0600 ? 8 : (VERSIONS.get(type) ?? 5);
    const isGlobals = kind === 0x0005 || kind === 0x0100;
    if (isGlobals) return;
    this.#finishStrings();
    this.#sheets += 1;
    this.#writer.page = this.#sheets;
    const name = this.#sheetNames.get(offset) ?? `Sheet ${this.#sheets}`;
    this.#sheet = new XlsSheet(this, this.#writer, name, kind !== CHART);
  }

  #end(): void {
    this.#depth = Math.max(0, this.#depth - 1);
    if (this.#depth > 0) return;
    this.#sheet?.finish();
    this.#sheet = null;
  }

  #finishStrings(): void {
    if (this.#stringParts.length > 0) this.strings = sharedStrings(this.#stringParts);
    this.#stringParts = [];
  }

  #globalRecord({ type, reader }: BiffRecord): void {
    if (type === RECORD.codePage) this.#charset = charsetOfCodePage(reader.uint16(0));
    else if (type === RECORD.dateMode) this.#uses1904 = reader.uint16(0) === 1;
    else if (type === RECORD.sharedStrings) this.#stringParts = [reader];
    else if (type === RECORD.sheet) this.#addSheetName(reader);
    else if (RECORD.formats.has(type)) this.#addFormat(reader);
    else if (RECORD.cellFormats.has(type)) {
      this.#cellFormatIds.push(this.version >= 5 ? reader.uint16(2) : reader.uint8(1));
    }
  }

  #addSheetName(reader: ByteReader): void {
    const name = this.version === 8 ? unicodeString(reader, 6, 1) : this.text(reader.slice(7, reader.uint8(6)));
    this.#sheetNames.set(reader.uint32(0), name);
  }

  #addFormat(reader: ByteReader): void {
    const code = this.version === 8 ? unicodeString(reader, 2, 2) : this.text(reader.slice(3, reader.uint8(2)));
    this.#formatCodes.set(reader.uint16(0), code);
  }
}
