import { FONT_NAMES, type Font, pdfString } from './fonts.ts';

/** Points from the lower left corner; `gray` from 0 (black) to 1. */
export type PdfText = { x: number; y: number; text: string; font: Font; size: number; gray: number };
export type PdfLink = { x: number; y: number; width: number; height: number; url: string };
export type PdfPage = { texts: readonly PdfText[]; links: readonly PdfLink[] };

export const A4 = { width: 595, height: 842 } as const;

const FONTS: readonly Font[] = ['regular', 'bold', 'mono'];
/** Objects before the pages: catalogue, tree of pages, description, fonts. */
const FIRST_PAGE = 4 + FONTS.length;

/** A PDF 1.4 of A4 pages. The same content gives the same bytes: `createdAt` is all it knows of time. */
export function writePdf(content: { title: string; createdAt: Date; pages: readonly PdfPage[] }): Uint8Array {
  const objects = objectsOf(content);
  const parts = ['%PDF-1.4\n'];
  const offsets: number[] = [];
  let length = parts[0]?.length ?? 0;
  for (const [index, object] of objects.entries()) {
    const written = `${index + 1} 0 obj\n${object}\nendobj\n`;
    offsets.push(length);
    length += written.length;
    parts.push(written);
  }
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  parts.push(
    `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}`,
    `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info 3 0 R >>\nstartxref\n${length}\n%%EOF\n`,
  );
  // Everything is ASCII: what is not, strings write by its number.
  return new TextEncoder().encode(parts.join(''));
}

function objectsOf({ title, createdAt, pages }: Parameters<typeof writePdf>[0]): string[] {
  const pageNumbers = pages.map((_, index) => FIRST_PAGE + 2 * index);
  const fonts = FONTS.map((font, index) => `/${font} ${4 + index} 0 R`).join(' ');
  return [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Count ${pages.length} /Kids [${pageNumbers.map((number) => `${number} 0 R`).join(' ')}] >>`,
    `<< /Title ${pdfString(title)} /Producer (Parley) /CreationDate (D:${dateOf(createdAt)}) >>`,
    ...FONTS.map(
      (font) => `<< /Type /Font /Subtype /Type1 /BaseFont /${FONT_NAMES[font]} /Encoding /WinAnsiEncoding >>`,
    ),
    ...pages.flatMap((page, index) => {
      const drawn = page.texts.map(textOf).join('\n');
      return [
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${A4.width} ${A4.height}] /Resources << /Font << ${fonts} >> >> ` +
          `/Contents ${FIRST_PAGE + 2 * index + 1} 0 R /Annots [${page.links.map(linkOf).join(' ')}] >>`,
        `<< /Length ${drawn.length} >>\nstream\n${drawn}\nendstream`,
      ];
    }),
  ];
}

function textOf({ x, y, text, font, size, gray }: PdfText): string {
  return `BT /${font} ${size} Tf ${gray} g ${rounded(x)} ${rounded(y)} Td ${pdfString(text)} Tj ET`;
}

function linkOf({ x, y, width, height, url }: PdfLink): string {
  const box = [x, y, x + width, y + height].map(rounded).join(' ');
  return `<< /Type /Annot /Subtype /Link /Border [0 0 0] /Rect [${box}] /A << /S /URI /URI ${pdfString(url)} >> >>`;
}

function rounded(points: number): string {
  return points.toFixed(2);
}

function dateOf(date: Date): string {
  return `${date.toISOString().slice(0, 19).replaceAll(/\D/g, '')}Z`;
}
