/** Fonts that every reader of PDF has, so that none is carried along. */
export type Font = 'regular' | 'bold' | 'mono';

export const FONT_NAMES: Readonly<Record<Font, string>> = {
  regular: 'Helvetica',
  bold: 'Helvetica-Bold',
  mono: 'Courier',
};

// Widths of the characters 32 to 126 in thousandths of the size, as Adobe's metrics of the standard fonts say.
const HELVETICA = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
  556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
  722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
  556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
  260, 334, 584,
];
const HELVETICA_BOLD = [
  278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
  556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833,
  722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611,
  556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389,
  280, 389, 584,
];
const MONO = 600;
/** Of letters beyond ASCII: as wide as the widest small ones, so that no line is too long. */
const OTHER = 722;

/** Points. */
export function widthOf(text: string, font: Font, size: number): number {
  if (font === 'mono') return (text.length * MONO * size) / 1_000;
  const widths = font === 'bold' ? HELVETICA_BOLD : HELVETICA;
  let sum = 0;
  for (let at = 0; at < text.length; at += 1) sum += widths[text.charCodeAt(at) - 32] ?? OTHER;
  return (sum * size) / 1_000;
}

/** Characters of Windows-1252 that are elsewhere in Unicode. */
const PLACES: Readonly<Record<string, number>> = {
  ...{ '€': 0x80, '…': 0x85, '‘': 0x91, '’': 0x92, '“': 0x93, '”': 0x94, '•': 0x95, '–': 0x96, '—': 0x97, '™': 0x99 },
};

/** The text in characters that the fonts have; others by their number, as `\u{4e2d}`. */
export function encodable(text: string): string {
  return text.replaceAll(
    /[^\x20-\x7e\xa0-\xff€…‘’“”•–—™]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** A string of PDF, with its parentheses, in one byte for each character. */
export function pdfString(text: string): string {
  let written = '';
  for (const character of encodable(text)) {
    const byte = PLACES[character] ?? character.charCodeAt(0);
    if (character === '(' || character === ')' || character === '\\') written += `\\${character}`;
    else written += byte < 0x7f ? character : `\\${byte.toString(8).padStart(3, '0')}`;
  }
  return `(${written})`;
}
