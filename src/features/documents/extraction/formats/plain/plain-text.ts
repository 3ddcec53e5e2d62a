import { decodeText } from '../../detection/charset.ts';
import type { DocumentReader } from '../../document-reader.ts';
import type { DocumentWriter } from '../../writing/document-writer.ts';

const NAMED_HEADING =
  /^(?:chapter|part|section|appendix|article|kapitel|teil|abschnitt|anhang|chapitre|partie|capítulo|parte|глава|раздел|часть)\s+(?:\d{1,3}|[IVXLC]{1,7}|[A-Z])\b[^\n]{0,80}$/i;
const NUMBERED_HEADING = /^(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+\p{Lu}[^\n]{1,76}[^\s.,;:!?]$/u;
const LIST_LINE = /^[ \t]{0,6}(?:[-*•‣▪–]|\d{1,3}[.)])[ \t]+\S/;

export const readPlainText: DocumentReader = ({ bytes, charset }, writer) => {
  writePlainText(decodeText(bytes, charset), writer);
};

/** Source code keeps its lines and indentation. */
export const readSourceCode: DocumentReader = ({ bytes, charset }, writer) => {
  for (const part of paragraphsOf(decodeText(bytes, charset))) writer.code(part);
};

/** Paragraphs are parted by empty lines; a line alone that is numbered or named like a heading is taken for one. */
export function writePlainText(source: string, writer: DocumentWriter): void {
  for (const part of paragraphsOf(source)) {
    const level = part.includes('\n') || part.length > 100 ? 0 : headingLevel(part.trim());
    if (level > 0) writer.heading(level, part);
    else writer.verbatim(isList(part) ? 'list' : 'paragraph', part);
  }
}

function* paragraphsOf(source: string): Generator<string> {
  const text = source.replace(/\r\n?/g, '\n').replaceAll('\f', '\n\n');
  const gap = /\n[ \t]*\n/g;
  let start = 0;
  for (let match = gap.exec(text); match; match = gap.exec(text)) {
    if (match.index > start) yield text.slice(start, match.index);
    start = match.index + match[0].length;
    gap.lastIndex = start - 1;
  }
  yield text.slice(start);
}

function headingLevel(line: string): number {
  if (NAMED_HEADING.test(line)) return 1;
  const number = NUMBERED_HEADING.exec(line)?.[1];
  return number ? number.split('.').length : 0;
}

function isList(part: string): boolean {
  const lines = part.split('\n', 40);
  return lines.length > 1 && LIST_LINE.test(lines[0] ?? '') && lines.filter((line) => LIST_LINE.test(line)).length > 1;
}
