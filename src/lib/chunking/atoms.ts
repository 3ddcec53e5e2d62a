import type { Block, Span } from './block.ts';
import type { Section } from './sections.ts';
import { isSpace, splitSentences } from './sentences.ts';

/** A stretch that is not cut any further. */
export type Atom = Span & {
  block: Block;
  /** A chunk may not end behind it: a heading, or the head of a table. */
  keepWithNext: boolean;
};

/** A section as atoms in order; no atom, and no heading with the atom after it, is longer than `max`. */
export function atomsOf(text: string, section: Section, max: number): Atom[] {
  const atoms: Atom[] = section.headings.map((block) => ({
    start: block.start,
    end: block.end,
    block,
    keepWithNext: true,
  }));
  // Headings take at most half of `max` (see sections.ts); what follows must fit beside them.
  const headingStart = section.headings[0]?.start;
  for (const [index, block] of section.body.entries()) {
    pushBlock(atoms, text, block, max, index === 0 ? (headingStart ?? block.start) : block.start);
  }
  return atoms;
}

/** `anchor` is where a chunk that holds the start of the block begins. */
function pushBlock(atoms: Atom[], text: string, block: Block, max: number, anchor: number): void {
  if (block.end - anchor <= max) {
    atoms.push({ start: block.start, end: block.end, block, keepWithNext: false });
    return;
  }
  const parts = block.kind === 'paragraph' || block.kind === 'heading' ? sentences(text, block) : lines(text, block);
  const hasHead = block.kind === 'table' && isTableRule(text, parts[1]);
  for (const [index, part] of parts.entries()) {
    const keepWithNext = hasHead && index < 2 && (parts[1]?.end ?? 0) - block.start <= max / 4;
    const besideAnchor = index === 0 || (hasHead && index <= 2);
    const limit = besideAnchor ? max - (part.start - anchor) : max;
    for (const piece of cutToFit(text, part, Math.max(limit, 16))) atoms.push({ ...piece, block, keepWithNext });
  }
}

function sentences(text: string, block: Block): Span[] {
  return splitSentences(text.slice(block.start, block.end)).map(({ start, end }) => ({
    start: start + block.start,
    end: end + block.start,
  }));
}

/** Lines, with the indentation of all but the first, and without empty ones. */
function lines(text: string, block: Block): Span[] {
  const found: Span[] = [];
  let start = block.start;
  while (start < block.end) {
    const feed = text.indexOf('\n', start);
    let end = feed < 0 || feed > block.end ? block.end : feed;
    const next = end + 1;
    while (end > start && isSpace(text, end - 1)) end -= 1;
    if (end > start) found.push({ start, end });
    start = next;
  }
  return found;
}

/** The line under a Markdown table's head, for example `| --- | --- |`. */
function isTableRule(text: string, line: Span | undefined): boolean {
  return line !== undefined && line.end - line.start < 4_000 && /^[|\s:-]+$/.test(text.slice(line.start, line.end));
}

function cutToFit(text: string, span: Span, limit: number): Span[] {
  const pieces: Span[] = [];
  let start = span.start;
  while (span.end - start > limit) {
    let end = cutBefore(text, start, start + limit);
    const next = end;
    while (end > start && isSpace(text, end - 1)) end -= 1;
    if (end > start) pieces.push({ start, end });
    start = next;
    while (start < span.end && isSpace(text, start)) start += 1;
  }
  if (span.end > start) pieces.push({ start, end: span.end });
  return pieces;
}

/** The last place up to `limit` to cut: white space in the latter half, else between two visible characters. */
function cutBefore(text: string, start: number, limit: number): number {
  for (let index = limit; index > start + (limit - start) / 2; index -= 1) {
    if (isSpace(text, index)) return index;
  }
  for (let index = limit; index > limit - 12 && index > start + 1; index -= 1) {
    if (!continuesCharacter(text, index)) return index;
  }
  return splitsPair(text, limit) ? limit - 1 : limit;
}

/** Low surrogates, combining marks, variation selectors and joiners belong to the character before them. */
function continuesCharacter(text: string, index: number): boolean {
  if (splitsPair(text, index) || text.charCodeAt(index - 1) === 0x200d) return true;
  return /^(?:\p{M}|\p{Emoji_Modifier}|\u200d)/u.test(text.slice(index, index + 2));
}

function splitsPair(text: string, index: number): boolean {
  const before = text.charCodeAt(index - 1);
  const after = text.charCodeAt(index);
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
}
