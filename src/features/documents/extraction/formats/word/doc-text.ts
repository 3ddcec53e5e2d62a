import type { ByteReader } from '../../../../../lib/bytes/byte-reader.ts';
import { charsetOfCodePage, decode } from '../../detection/code-pages.ts';

/** Where a run of characters stands in the file. */
type Piece = { text: string; offset: number; bytesPerCharacter: number };

/** Lengths of the parts that follow one another in a Word document's text. */
export type DocParts = {
  main: number;
  footnotes: number;
  headers: number;
  comments: number;
  endnotes: number;
  boxes: number;
};

const LAST_WORD_95 = 105;
const COMPRESSED = 0x40000000;
/** Languages whose old files are not in windows-1252, by the low byte of the language number. */
const CODE_PAGES: Readonly<Record<number, number>> = {
  1: 1256,
  5: 1250,
  8: 1253,
  13: 1255,
  14: 1250,
  17: 932,
  18: 949,
  21: 1250,
  24: 1250,
  25: 1251,
  26: 1250,
  27: 1250,
  30: 874,
  31: 1254,
  34: 1251,
  36: 1250,
  37: 1257,
  38: 1257,
  39: 1257,
};

/** The characters of a Word 6, 95 or 97 to 2003 document, put together from the pieces that it was saved in. */
export class DocText {
  readonly text: string;
  readonly parts: DocParts;
  readonly isOld: boolean;
  readonly #pieces: Piece[];

  constructor(main: ByteReader, table: ByteReader) {
    this.isOld = main.uint16(2) <= LAST_WORD_95;
    this.#pieces = this.isOld ? oldPieces(main) : pieces(main, table, main.uint32(0x1a2), main.uint32(0x1a6), false);
    this.text = this.#pieces.map(({ text }) => text).join('');
    this.parts = partsOf(main, this.isOld ? 0x34 : 0x4c);
  }

  /** Byte offset of a character in the main stream; -1 behind the end. */
  offsetOf(position: number): number {
    let left = position;
    for (const { text, offset, bytesPerCharacter } of this.#pieces) {
      if (left < text.length) return offset + left * bytesPerCharacter;
      left -= text.length;
    }
    return -1;
  }
}

function partsOf(main: ByteReader, at: number): DocParts {
  const length = (index: number): number => Math.max(0, main.int32(at + index * 4));
  return {
    main: length(0),
    footnotes: length(1),
    headers: length(2),
    comments: length(4),
    endnotes: length(5),
    boxes: length(6),
  };
}

function oldPieces(main: ByteReader): Piece[] {
  const isComplex = (main.uint16(0x0a) & 4) !== 0;
  if (isComplex) return pieces(main, main, main.uint32(0x160), main.uint32(0x164), true);
  const start = main.uint32(0x18);
  const bytes = main.slice(start, main.uint32(0x1c) - start);
  return [{ text: decode(bytes, charsetOf(main)), offset: start, bytesPerCharacter: 1 }];
}

function charsetOf(main: ByteReader): string {
  return charsetOfCodePage(CODE_PAGES[main.uint16(6) & 0xff] ?? 1252);
}

/** The piece table ([MS-DOC] 2.9.177): positions, then eight bytes a piece. */
function pieces(main: ByteReader, table: ByteReader, start: number, length: number, isOld: boolean): Piece[] {
  const at = pieceTable(table, start, start + length);
  if (at < 0) return [];
  const count = Math.min(Math.floor((table.uint32(at + 1) - 4) / 12), Math.floor(table.length / 12));
  const found: Piece[] = [];
  for (let index = 0; index < count; index += 1) {
    const positions = at + 5 + index * 4;
    const characters = table.uint32(positions + 4) - table.uint32(positions);
    const place = table.uint32(at + 5 + (count + 1) * 4 + index * 8 + 2);
    if (characters > 0 && characters <= main.length) found.push(readPiece(main, place, characters, isOld));
  }
  return found;
}

function readPiece(main: ByteReader, place: number, characters: number, isOld: boolean): Piece {
  if (isOld) {
    return { text: decode(main.slice(place, characters), charsetOf(main)), offset: place, bytesPerCharacter: 1 };
  }
  if ((place & COMPRESSED) === 0) return { text: main.utf16(place, characters), offset: place, bytesPerCharacter: 2 };
  const offset = (place & ~COMPRESSED) / 2;
  return { text: decode(main.slice(offset, characters), 'windows-1252'), offset, bytesPerCharacter: 1 };
}

/** Skips the property runs (1) before the table (2). */
function pieceTable(table: ByteReader, start: number, end: number): number {
  let at = start;
  while (at < end && at < table.length && table.uint8(at) === 1) at += 3 + table.uint16(at + 1);
  return table.uint8(at) === 2 ? at : -1;
}
