import { wordsOf } from '../../../lib/words/words-of.ts';
import type { Hit } from './search.ts';

/** Evidence for a model, with its place in the document's text. `number` is what a citation refers to, from 1. */
export type RetrievedPassage = {
  number: number;
  chunkId: string;
  documentId: string;
  title: string;
  headingPath: readonly string[];
  page: number | null;
  text: string;
  /** Offset of `text` in the document's text, UTF-16. */
  documentStart: number;
};

export type PassageLimits = {
  /** Passages at most. */
  count: number;
  /** Tokens at most, by estimate; the best passage is kept whatever its size. */
  tokens: number;
};

/** Hits, best first, as passages: repeats left out, within the budget, neighbours of one document side by side. */
export function toPassages(hits: readonly Hit[], limits: PassageLimits): RetrievedPassage[] {
  const kept = withinBudget(withoutRepeats(hits), limits);
  return besideNeighbours(kept).map((hit, index) => ({
    number: index + 1,
    chunkId: hit.id,
    documentId: hit.document_id,
    title: hit.title,
    headingPath: hit.heading_path,
    page: hit.page_start,
    text: hit.text,
    documentStart: hit.start_offset,
  }));
}

/** Words that two chunks share, of those that either has; above it they say the same. */
const SAME = 0.85;

function withoutRepeats(hits: readonly Hit[]): Hit[] {
  const kept: { hit: Hit; words: ReadonlySet<string> }[] = [];
  for (const hit of hits) {
    const words = new Set(wordsOf(hit.text));
    if (!kept.some((other) => likeness(words, other.words) > SAME)) kept.push({ hit, words });
  }
  return kept.map(({ hit }) => hit);
}

function likeness(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  const shared = one.intersection(other).size;
  return shared / Math.max(1, one.size + other.size - shared);
}

function withinBudget(hits: readonly Hit[], { count, tokens }: PassageLimits): Hit[] {
  const kept: Hit[] = [];
  let left = tokens;
  for (const hit of hits) {
    if (kept.length === count) break;
    const size = estimateTokens(hit.text);
    if (kept.length > 0 && size > left) continue;
    kept.push(hit);
    left -= size;
  }
  return kept;
}

const DENSE_SCRIPT = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/gu;
const CHARACTERS_PER_TOKEN = 4;

/** About right for current models: four letters of English a token, one sign of Chinese. */
export function estimateTokens(text: string): number {
  const dense = text.match(DENSE_SCRIPT)?.length ?? 0;
  return dense + Math.ceil((text.length - dense) / CHARACTERS_PER_TOKEN);
}

/** Passages that follow each other in a document are read in that order, at the place of the best of them. */
function besideNeighbours(hits: readonly Hit[]): Hit[] {
  const left = new Map(hits.map((hit) => [placeOf(hit, 0), hit]));
  const ordered: Hit[] = [];
  for (const hit of hits) {
    if (!left.has(placeOf(hit, 0))) continue;
    let first = hit;
    for (let before = left.get(placeOf(first, -1)); before; before = left.get(placeOf(first, -1))) first = before;
    for (let next: Hit | undefined = first; next; next = left.get(placeOf(next, 1))) {
      ordered.push(next);
      left.delete(placeOf(next, 0));
    }
  }
  return ordered;
}

function placeOf({ document_id, index }: Hit, step: number): string {
  return `${document_id}:${index + step}`;
}
