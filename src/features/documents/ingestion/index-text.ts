import { createHash } from 'node:crypto';
import { wordsOf } from '../../../lib/words/words-of.ts';

/** A chunk with what stands above it: what is embedded. */
export function textInContext(chunk: { title: string; headingPath: readonly string[]; text: string }): string {
  const context = [chunk.title, ...chunk.headingPath].filter((line) => line !== '');
  return [...new Set(context), chunk.text].join('\n');
}

/** The words that a chunk is found by. Those of the title count twice: nDCG@10 0.806 instead of 0.794 on hotpotqa500. */
export function indexedWords(title: string, inContext: string): string[] {
  return [...wordsOf(title), ...wordsOf(inContext)];
}

/** Names a text for the cache of embeddings. */
export function hashText(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
