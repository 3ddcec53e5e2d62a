import type { Block } from './block.ts';
import { isSpace } from './sentences.ts';

/** Headings that follow one another, and what stands under them up to the next heading. */
export type Section = { path: string[]; headings: Block[]; body: Block[] };

/** A longer "heading" is a paragraph that was formatted like one; it may be cut and heads nothing. */
const LONGEST_HEADING = 300;

/** The sections of a document. Text that no block covers is treated as a paragraph, so that nothing is lost. */
export function sectionsOf(text: string, blocks: readonly Block[], maxCharacters: number): Section[] {
  const longestHeading = Math.min(LONGEST_HEADING, Math.floor(maxCharacters / 4));
  const sections: Section[] = [];
  const above: { level: number; title: string }[] = [];
  let section: Section = { path: [], headings: [], body: [] };
  for (const block of withGapsCovered(text, blocks)) {
    if (block.kind !== 'heading' || block.end - block.start > longestHeading) {
      section.body.push(block);
      continue;
    }
    const headingRoom = longestHeading * 2 - headingLength(section);
    if (section.body.length > 0 || headingRoom < block.end - block.start) {
      sections.push(section);
      section = { path: [], headings: [], body: [] };
    }
    while ((above.at(-1)?.level ?? 0) >= block.level) above.pop();
    above.push({ level: block.level, title: headingTitle(text.slice(block.start, block.end)) });
    section.headings.push(block);
    section.path = above.map(({ title }) => title);
  }
  sections.push(section);
  return sections.filter(({ headings, body }) => headings.length + body.length > 0);
}

function headingLength({ headings }: Section): number {
  return (headings.at(-1)?.end ?? 0) - (headings[0]?.start ?? 0);
}

/** A heading's words: Markdown's marks and line breaks are not part of the title. */
export function headingTitle(source: string): string {
  return source
    .replace(/^#{1,6}[ \t]+/, '')
    .replace(/[ \t]+#+[ \t]*$/, '')
    .replace(/\n[=-]+[ \t]*$/, '')
    .replace(/\[([^[\]]*)\]\([^()]*\)/g, '$1')
    .replace(/\*{1,3}([^*\s][^*]*)\*{1,3}/g, '$1')
    .replace(/`/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The blocks without white space at their ends, in order, with paragraphs where text lies between them. */
function withGapsCovered(text: string, blocks: readonly Block[]): Block[] {
  const covered: Block[] = [];
  let end = 0;
  const add = (block: Block, from: number, to: number): void => {
    const trimmed = trim(text, from, to);
    if (trimmed) covered.push({ ...block, ...trimmed });
  };
  for (const block of blocks) {
    if (block.end <= end) continue;
    add(paragraphBeside(block), end, block.start);
    add(block, Math.max(block.start, end), Math.min(block.end, text.length));
    end = block.end;
  }
  add(paragraphBeside(blocks.at(-1)), end, text.length);
  return covered;
}

function paragraphBeside(block: Block | undefined): Block {
  return { kind: 'paragraph', start: 0, end: 0, level: 0, page: block?.page ?? null };
}

function trim(text: string, from: number, to: number): { start: number; end: number } | null {
  let start = from;
  let end = to;
  while (start < end && isSpace(text, start)) start += 1;
  while (end > start && isSpace(text, end - 1)) end -= 1;
  return end > start ? { start, end } : null;
}
