import { encodable, type Font, widthOf } from '../../../lib/pdf/fonts.ts';
import { A4, type PdfLink, type PdfText, writePdf } from '../../../lib/pdf/write-pdf.ts';
import type { Block, Span } from './document.ts';
import { visible } from './visible.ts';

const MARGIN = 40;
const FOOT = 50;
const WIDTH = A4.width - 2 * MARGIN;
const SIZE = 9;
const LEADING = 1.4;
const HEADING_SIZES = { 1: 20, 2: 14, 3: 11 } as const;
const INDENT = 12;
const QUIET = 0.35;

/** A piece of a line; no line breaks within. */
type Piece = { text: string; font: Font; gray: number; href: string | null };

/** A4, with a footer on each page. The same blocks and time give the same bytes. */
export function pdfOf(title: string, analysedAt: string, blocks: readonly Block[]): Uint8Array {
  const sheet = startSheet();
  for (const block of blocks) drawBlock(sheet, block);
  const pages = sheet.pages.map(({ texts, links }, index) => ({
    links,
    texts: [...texts, footer(`${visible(title)} · ${analysedAt} · ${index + 1} of ${sheet.pages.length}`)],
  }));
  return writePdf({ title: visible(title), createdAt: new Date(analysedAt), pages });
}

type Sheet = { pages: { texts: PdfText[]; links: PdfLink[] }[]; y: number };

function startSheet(): Sheet {
  return { pages: [{ texts: [], links: [] }], y: A4.height - MARGIN };
}

function footer(text: string): PdfText {
  return { x: MARGIN, y: MARGIN - 15, text: encodable(text).slice(0, 120), font: 'regular', size: 7, gray: QUIET };
}

function drawBlock(sheet: Sheet, block: Block): void {
  if (block.type === 'heading') {
    const size = HEADING_SIZES[block.level];
    // A heading alone at the end of a page is of no use.
    if (sheet.y < FOOT + 4 * size) turnPage(sheet);
    sheet.y -= size * 0.8;
    drawLines(sheet, [{ text: block.text, kind: 'strong', href: null }], { size, x: MARGIN });
  } else if (block.type === 'paragraph') drawLines(sheet, block.spans, { size: SIZE, x: MARGIN });
  else if (block.type === 'list') {
    for (const item of block.items) drawItem(sheet, item);
  } else drawTable(sheet, block);
  sheet.y -= 4;
}

function drawItem(sheet: Sheet, item: readonly Span[]): void {
  if (sheet.y - SIZE * LEADING < FOOT) turnPage(sheet);
  const bullet: PdfText = { x: MARGIN + 2, y: sheet.y - SIZE, text: '•', font: 'regular', size: SIZE, gray: 0 };
  sheet.pages.at(-1)?.texts.push(bullet);
  drawLines(sheet, item, { size: SIZE, x: MARGIN + INDENT });
  sheet.y -= 2;
}

function drawTable(sheet: Sheet, { head, rows }: Extract<Block, { type: 'table' }>): void {
  const column = Math.min(130, WIDTH / head.length);
  const all = [head.map((text): Span => ({ text, kind: 'strong', href: null })), ...rows];
  for (const row of all) {
    if (sheet.y - SIZE * LEADING < FOOT) turnPage(sheet);
    for (const [index, cell] of row.entries()) {
      const [line = []] = linesOf(piecesOf([cell]), SIZE, column - 6);
      drawLine(sheet, line, { size: SIZE, x: MARGIN + index * column });
    }
    sheet.y -= SIZE * LEADING;
  }
}

type At = { size: number; x: number };

function drawLines(sheet: Sheet, spans: readonly Span[], at: At): void {
  for (const line of linesOf(piecesOf(spans), at.size, A4.width - MARGIN - at.x)) {
    if (sheet.y - at.size * LEADING < FOOT) turnPage(sheet);
    drawLine(sheet, line, at);
    sheet.y -= at.size * LEADING;
  }
}

function drawLine(sheet: Sheet, line: readonly Piece[], { size, x: left }: At): void {
  const page = sheet.pages.at(-1);
  let x = left;
  for (const { text, font, gray, href } of line) {
    const width = widthOf(text, font, size);
    page?.texts.push({ x, y: sheet.y - size, text, font, size, gray });
    if (href !== null) page?.links.push({ x, y: sheet.y - size - 2, width, height: size + 2, url: href });
    x += width;
  }
}

function turnPage(sheet: Sheet): void {
  sheet.pages.push({ texts: [], links: [] });
  sheet.y = A4.height - MARGIN;
}

const FONTS: Readonly<Record<Span['kind'], Font>> = {
  plain: 'regular',
  quiet: 'regular',
  strong: 'bold',
  code: 'mono',
};

function piecesOf(spans: readonly Span[]): Piece[] {
  return spans.map(({ text, kind, href }) => ({
    text: encodable(visible(text)),
    font: FONTS[kind],
    gray: kind === 'quiet' ? QUIET : 0,
    href,
  }));
}

/** Breaks at spaces, and within what is wider than a line. */
function linesOf(pieces: readonly Piece[], size: number, width: number): Piece[][] {
  const lines: Piece[][] = [[]];
  let used = 0;
  const turn = () => {
    lines.push([]);
    used = 0;
  };
  for (const piece of pieces) {
    for (const word of wordsOf(piece, size, width)) {
      const wide = widthOf(word, piece.font, size);
      const fits = used + wide <= width;
      if (!fits && used > 0) turn();
      // A space that no longer fits is the break itself.
      if (fits || word.trim() !== '') {
        append(lines.at(-1) ?? [], piece, word);
        used += wide;
      }
    }
  }
  return lines.filter((line) => line.length > 0);
}

function append(line: Piece[], piece: Piece, text: string): void {
  const last = line.at(-1);
  if (last && last.font === piece.font && last.href === piece.href && last.gray === piece.gray) last.text += text;
  else line.push({ ...piece, text });
}

function wordsOf({ text, font }: Piece, size: number, width: number): string[] {
  const words: readonly string[] = text.match(/\s+|\S+/g) ?? [];
  return words.flatMap((word) => partsOf(word, font, size, width));
}

function partsOf(word: string, font: Font, size: number, width: number): string[] {
  const parts: string[] = [];
  let part = '';
  for (const character of word) {
    if (part !== '' && widthOf(part + character, font, size) > width) {
      parts.push(part);
      part = '';
    }
    part += character;
  }
  return [...parts, part];
}
