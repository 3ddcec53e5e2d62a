import { type Atom, atomsOf } from './atoms.ts';
import type { Block } from './block.ts';
import { type Section, sectionsOf } from './sections.ts';

/** A piece of a document that is embedded, searched and cited as one. */
export type Chunk = {
  /** Position in the document, from 0. */
  index: number;
  /** Exactly `document.text.slice(start, end)`, so that a span in a chunk is a span in the document. */
  text: string;
  start: number;
  end: number;
  /** The headings above, outermost first; for a chunk of several small sections what their paths share. */
  headingPath: string[];
  /** Page, slide or sheet of the first and the last character; null where the format has none. */
  pageStart: number | null;
  pageEnd: number | null;
};

export type ChunkingOptions = {
  /** Characters that a chunk should have about; 1,100 (some 250 tokens of English) unless told. */
  targetCharacters?: number;
  /** Characters that no chunk exceeds; 2,000 unless told, never under 64. */
  maxCharacters?: number;
};

type Sizes = { target: number; max: number; tiny: number };
type Draft = { start: number; end: number; path: string[]; firstBlock: Block; lastBlock: Block };
type ChunkableDocument = { readonly text: string; readonly blocks: readonly Block[] };

/**
 * Cuts a document into chunks along its structure. Headings stay with what they head; a chunk holds one section, or
 * several when one of them is tiny; a section that is too long is cut into even parts between blocks, else between
 * sentences, table rows, list items or lines of code, and only a longer one of those between words.
 *
 * Chunks do not overlap. What overlap is for, not to lose what a cut separates, is done here by cutting only where
 * thoughts end, and by `headingPath`; overlap would make a sentence citable at two places, fill answers with
 * repeats, and embed a fifth of the text twice. An edit changes only the chunks of its own section and of tiny ones
 * next to it.
 */
export function chunkDocument(document: ChunkableDocument, options: ChunkingOptions = {}): Chunk[] {
  const sizes = sizesOf(options);
  const drafts = sectionsOf(document.text, document.blocks, sizes.max).flatMap((section) =>
    packSection(document.text, section, sizes),
  );
  return mergeTiny(drafts, sizes).map((draft, index) => toChunk(document.text, draft, index));
}

function sizesOf({ targetCharacters = 1_100, maxCharacters = 2_000 }: ChunkingOptions): Sizes {
  const max = Math.max(64, Math.floor(maxCharacters));
  const target = Math.min(max, Math.max(32, Math.floor(targetCharacters)));
  return { target, max, tiny: Math.floor(target / 3) };
}

/** Even parts, so that a section a little over the target does not leave a stub behind. */
function packSection(text: string, section: Section, sizes: Sizes): Draft[] {
  const atoms = atomsOf(text, section, sizes.max);
  const first = atoms[0];
  const last = atoms.at(-1);
  if (!first || !last) return [];
  const length = last.end - first.start;
  const goal = length / Math.max(1, Math.round(length / sizes.target));
  const drafts: Draft[] = [];
  let open: Draft | null = null;
  for (const [index, atom] of atoms.entries()) {
    if (open && staysOpen(open, atom, atoms[index - 1], sizes, goal)) {
      extend(open, atom);
      continue;
    }
    open = draftOf(atom, section);
    drafts.push(open);
  }
  return drafts;
}

function staysOpen(open: Draft, atom: Atom, previous: Atom | undefined, sizes: Sizes, goal: number): boolean {
  const length = atom.end - open.start;
  if (length > sizes.max) return false;
  if (previous?.keepWithNext) return true;
  // To the nearer side of the goal, a cut inside a block counting as a little worse than one between blocks.
  const overshoot = length - goal;
  const undershoot = goal - (open.end - open.start);
  return overshoot <= (atom.block === previous?.block ? 1.2 : 1) * undershoot;
}

function draftOf(atom: Atom, section: Section): Draft {
  return { start: atom.start, end: atom.end, path: section.path, firstBlock: atom.block, lastBlock: atom.block };
}

function extend(draft: Draft, by: { end: number; block: Block }): void {
  draft.end = by.end;
  draft.lastBlock = by.block;
}

/** Joins neighbours of which one is tiny, up to the target. */
function mergeTiny(drafts: readonly Draft[], sizes: Sizes): Draft[] {
  const merged: Draft[] = [];
  for (const draft of drafts) {
    const previous = merged.at(-1);
    if (!previous || !worthJoining(previous, draft, sizes)) {
      merged.push(draft);
      continue;
    }
    previous.path = sharedPath(previous.path, draft.path);
    extend(previous, { end: draft.end, block: draft.lastBlock });
  }
  return merged;
}

function worthJoining(left: Draft, right: Draft, { target, tiny }: Sizes): boolean {
  if (right.end - left.start > target) return false;
  return Math.min(left.end - left.start, right.end - right.start) < tiny;
}

function sharedPath(left: readonly string[], right: readonly string[]): string[] {
  const differs = left.findIndex((heading, index) => heading !== right[index]);
  return differs < 0 ? [...left] : left.slice(0, differs);
}

function toChunk(text: string, draft: Draft, index: number): Chunk {
  const { start, end, path, firstBlock, lastBlock } = draft;
  return {
    index,
    text: text.slice(start, end),
    start,
    end,
    headingPath: path,
    pageStart: firstBlock.page,
    pageEnd: lastBlock.page,
  };
}
