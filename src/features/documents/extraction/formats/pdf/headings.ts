import type { Line } from './page-lines.ts';
import type { Paragraph } from './paragraphs.ts';

export type HeadingLevels = (paragraph: Paragraph, text: string) => number;

const LONGEST_HEADING = 160;
const MOST_LINES = 3;
/** Larger letters than the text's by this factor make a heading … */
const LARGER = 1.14;
/** … as long as what is so large is no more than this share of all text; slides come near it. */
const LARGEST_SHARE = 0.36;
const MAX_LEVELS = 4;
const NUMBERED = /^(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[IVX]{1,5}\.|[A-Z]\.(?:\d{1,2}\.?)?)\s+\p{Lu}/u;
const NAMED =
  /^(?:abstract|introduction|conclusions?|references|bibliography|acknowledge?ments?|appendix(?: [A-Z\d])?|related work|discussion|results|methods?|summary|zusammenfassung|einleitung|literatur|résumé|références)$/i;

/** Headings of a document by the size of their letters; at the text's size only where the font differs and the words say so. */
export function headingLevels(lines: readonly Line[]): HeadingLevels {
  const sizes = weigh(lines, ({ size }) => roundSize(size));
  const bodySize = heaviest(sizes) ?? 0;
  const bodyFont = heaviest(
    weigh(
      lines.filter(({ size }) => roundSize(size) === bodySize),
      ({ font }) => font,
    ),
  );
  const total = [...sizes.values()].reduce((sum, weight) => sum + weight, 0);
  const larger = [...sizes.keys()].filter((size) => size >= bodySize * LARGER).sort((left, right) => right - left);
  const steps = distinctSteps(withinShare(larger, sizes, total));
  return (paragraph, text) => {
    const first = paragraph.lines[0];
    if (!first || !looksLikeHeading(paragraph, text)) return 0;
    const level = steps.findIndex((step) => first.size >= step - 0.3) + 1;
    if (level > 0) return Math.min(level, MAX_LEVELS);
    const isOtherFont = paragraph.lines.every(({ font }) => font !== bodyFont) && first.size >= bodySize * 0.9;
    return isOtherFont && paragraph.lines.length === 1 ? wordedLevel(text, steps.length) : 0;
  };
}

function withinShare(larger: readonly number[], weights: ReadonlyMap<number, number>, total: number): number[] {
  let sum = 0;
  return larger.filter((size) => {
    sum += weights.get(size) ?? 0;
    return sum <= LARGEST_SHARE * total;
  });
}

/** Sizes within a twelfth of one another are the same level. */
function distinctSteps(sizes: readonly number[]): number[] {
  const steps: number[] = [];
  for (const size of sizes) {
    const last = steps.at(-1);
    if (last !== undefined && size > last * 0.92) steps[steps.length - 1] = size;
    else steps.push(size);
  }
  return steps;
}

function wordedLevel(text: string, above: number): number {
  const number = NUMBERED.exec(text)?.[0];
  if (!number && !NAMED.test(text)) return 0;
  const dots =
    number
      ?.trim()
      .replace(/\.?\s.*$/, '')
      .split('.').length ?? 1;
  return Math.min(6, above + dots);
}

function looksLikeHeading({ lines }: Paragraph, text: string): boolean {
  if (lines.length > MOST_LINES || text.length > LONGEST_HEADING || lines.some(({ hasGaps }) => hasGaps)) return false;
  return /\p{L}{2}/u.test(text) && !/[,;]$/.test(text);
}

function roundSize(size: number): number {
  return Math.round(size * 2) / 2;
}

function weigh<Key>(lines: readonly Line[], key: (line: Line) => Key): Map<Key, number> {
  const weights = new Map<Key, number>();
  for (const line of lines) weights.set(key(line), (weights.get(key(line)) ?? 0) + line.text.length);
  return weights;
}

function heaviest<Key>(weights: ReadonlyMap<Key, number>): Key | undefined {
  return [...weights].sort(([, left], [, right]) => right - left)[0]?.[0];
}
