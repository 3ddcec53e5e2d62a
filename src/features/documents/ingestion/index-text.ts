import { createHash } from 'node:crypto';
import { wordsOf } from '../../../lib/words/words-of.ts';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import { stemWords } from '../retrieval/stems.store.ts';

/** A chunk with what stands above it: what is embedded. */
export function textInContext(chunk: { title: string; headingPath: readonly string[]; text: string }): string {
  const context = [chunk.title, ...chunk.headingPath].filter((line) => line !== '');
  return [...new Set(context), chunk.text].join('\n');
}

/** The words that a chunk is found by. Those of the title count twice: nDCG@10 0.806 instead of 0.794 on hotpotqa500. */
function indexedWords(title: string, inContext: string): string[] {
  return [...wordsOf(title), ...wordsOf(inContext)];
}

/** Names a text for the cache of embeddings. */
export function hashText(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** A chunk as the inverted index has it: how often it has each lexeme, stop words left out. */
export type IndexEntry = { frequencies: ReadonlyMap<string, number>; wordCount: number };

const MAX_CACHED_STEMS = 50_000;
/** Postgres' smallint; nothing of this length is said that often. */
const MAX_FREQUENCY = 32_767;

/** Stems the words of one document, and remembers them: most words of a chunk were in the one before. */
export class TextIndexer {
  readonly #language: string;
  readonly #stems = new Map<string, string | null>();

  constructor(language: string) {
    this.#language = language;
  }

  /** `texts` are those of `textInContext`. */
  async index(trx: TenantTransaction, title: string, texts: readonly string[]): Promise<IndexEntry[]> {
    const words = texts.map((text) => indexedWords(title, text));
    await this.#learn(trx, words.flat());
    return words.map((list) => this.#count(list));
  }

  async #learn(trx: TenantTransaction, words: readonly string[]): Promise<void> {
    if (this.#stems.size > MAX_CACHED_STEMS) this.#stems.clear();
    const unknown = [...new Set(words)].filter((word) => !this.#stems.has(word));
    for (const { word, lexeme } of await stemWords(trx, unknown, [this.#language])) this.#stems.set(word, lexeme);
  }

  #count(words: readonly string[]): IndexEntry {
    const frequencies = new Map<string, number>();
    let wordCount = 0;
    for (const word of words) {
      const lexeme = this.#stems.get(word) ?? null;
      if (lexeme === null) continue;
      wordCount += 1;
      frequencies.set(lexeme, Math.min(MAX_FREQUENCY, (frequencies.get(lexeme) ?? 0) + 1));
    }
    return { frequencies, wordCount };
  }
}
