import type { Line } from './page-lines.ts';

/** Lines that belong together. */
export type Paragraph = { lines: Line[]; page: number };

const BULLET = /^(?:[•‣▪◦●■□∙·○\ue000-\uf8ff]\s*\S|[–—*-]\s+\S)/u;
const NUMBERED = /^(?:\d{1,2}[.)]\p{L}|(?:\(?\d{1,2}[.)]|\(?[a-z][.)]|\[\d{1,3}\]|§|\d{1,4}(?:\.\d{1,3})+\.?)\s+\S)/u;
/** A gap of more than this many letters' heights between baselines parts paragraphs, whatever the page's rhythm. */
const WIDEST_LEADING = 1.75;
const HYPHENATED = /\p{L}[-\u2010\u00ad]$/u;
const TERMINAL = /[.!?:;。！？][)"'”’\]]*$/;

/** Puts the lines of one page together to paragraphs, by gaps, indents, sizes and marks. */
export function paragraphsOf(lines: readonly Line[]): Paragraph[] {
  const leading = usualLeading(lines);
  const paragraphs: Paragraph[] = [];
  for (const [index, line] of lines.entries()) {
    const previous = lines[index - 1];
    const open = paragraphs.at(-1);
    if (open && previous && continues(previous, line, open, leading)) open.lines.push(line);
    else paragraphs.push({ lines: [line], page: line.page });
  }
  return paragraphs;
}

/** The median distance between lines, in letters' heights. */
function usualLeading(lines: readonly Line[]): number {
  const distances: number[] = [];
  for (const [index, line] of lines.entries()) {
    const previous = lines[index - 1];
    if (!previous) continue;
    const distance = (previous.y - line.y) / line.size;
    if (distance > 0.8 && distance < 2.5) distances.push(distance);
  }
  distances.sort((left, right) => left - right);
  return distances[Math.floor(distances.length / 2)] ?? 1.2;
}

function continues(previous: Line, line: Line, open: Paragraph, leading: number): boolean {
  if (previous.turns !== line.turns || Math.abs(previous.size - line.size) > 0.12 * Math.max(previous.size, line.size))
    return false;
  if (previous.hasGaps !== line.hasGaps && !hasSameMargins(previous, line)) return false;
  const distance = (previous.y - line.y) / line.size;
  if (line.hasGaps && previous.hasGaps) return distance > -0.3 && distance < Math.max(WIDEST_LEADING, leading * 1.5);
  if (startsItem(line.text)) return false;
  if (distance < 0.3) return continuesInNextColumn(previous, line);
  if (distance > Math.min(WIDEST_LEADING, leading * 1.3)) return false;
  return !isIndented(line, previous, open) && !endsShort(previous, line);
}

/** Justified text may have wide gaps too, and runs from margin to margin; the rows of a table do not. */
function hasSameMargins(previous: Line, line: Line): boolean {
  return Math.abs(previous.left - line.left) < line.size && Math.abs(previous.right - line.right) < line.size;
}

export function startsItem(text: string): boolean {
  return BULLET.test(text) || NUMBERED.test(text);
}

/** A jump upwards or sideways in mid-sentence goes on in the next column. */
function continuesInNextColumn(previous: Line, line: Line): boolean {
  return !TERMINAL.test(previous.text) && /^[\p{Ll},;)]/u.test(line.text);
}

function isIndented(line: Line, previous: Line, open: Paragraph): boolean {
  const indent = line.left - previous.left;
  const first = open.lines[0];
  if (first && startsItem(first.text) && line.left < first.left - line.size / 2) return true;
  // The second line of a paragraph stands further left than the first where first lines are indented.
  if (indent > line.size * 0.7 && indent < line.size * 6) return TERMINAL.test(previous.text);
  return (
    indent < -line.size * 1.2 &&
    open.lines.length > 1 &&
    first !== undefined &&
    Math.abs(first.left - previous.left) < 1
  );
}

/** The sentence ends well before the margin, or the next word had room behind it: so the paragraph ends there. */
function endsShort(previous: Line, line: Line): boolean {
  const width = line.right - line.left;
  if (HYPHENATED.test(previous.text) && /^\p{Ll}/u.test(line.text)) return false;
  if (TERMINAL.test(previous.text) && previous.right < line.right - Math.max(line.size * 4, width * 0.15)) return true;
  const firstWord = (width * (line.text.search(/\s|$/) + 1)) / line.text.length;
  return Math.abs(line.left - previous.left) < line.size / 2 && previous.right + firstWord < line.right - line.size;
}

/**
 * The paragraph's text. A word that is hyphenated at a line's end is put together, unless the document has it with
 * its hyphen elsewhere, or it has another hyphen ("state-of-the-art").
 */
export function joinLines(lines: readonly Line[], words: ReadonlySet<string>): string {
  let text = '';
  for (const { text: line } of lines) {
    if (text === '') text = line;
    else if (HYPHENATED.test(text) && /^\p{Ll}/u.test(line)) text = joinHyphenated(text, line, words);
    else text += needsSpace(text, line) ? ` ${line}` : line;
  }
  return text;
}

function joinHyphenated(text: string, line: string, words: ReadonlySet<string>): string {
  const head = /[\p{L}\p{M}'’-]+[-\u2010\u00ad]$/u.exec(text.slice(-60))?.[0] ?? '';
  const tail = /^[\p{L}\p{M}'’-]+/u.exec(line)?.[0] ?? '';
  const bare = head.slice(0, -1);
  const keepsHyphen =
    !words.has(`${bare}${tail}`.toLowerCase()) && (bare.includes('-') || words.has(`${bare}-${tail}`.toLowerCase()));
  return (keepsHyphen ? text : text.slice(0, -1)) + line;
}

/** Chinese and Japanese lines are joined as they are. */
function needsSpace(text: string, line: string): boolean {
  const cjk = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}、。，．「」（）]/u;
  return !(cjk.test(text.at(-1) ?? '') && cjk.test(line[0] ?? ''));
}

/** Every word of the document, hyphenated ones whole, but for those that a line's end cuts. */
export function wordsOf(lines: readonly Line[]): Set<string> {
  const words = new Set<string>();
  for (const { text } of lines) {
    for (const match of text.toLowerCase().matchAll(/\p{L}[\p{L}\p{M}'’]*(?:-[\p{L}\p{M}'’]+)*(?!-$)/gu))
      words.add(match[0]);
  }
  return words;
}
