import type { Stem } from '../../lib/words/query-words.ts';
import type { TenantTransaction } from '../database/database.ts';
import { stemWords } from './stems.store.ts';

/** A text as an inverted index has it: how often it has each lexeme, stop words left out. */
export type IndexEntry = { frequencies: ReadonlyMap<string, number>; wordCount: number };

const MAX_CACHED_STEMS = 50_000;
/** Postgres' smallint; nothing of this length is said that often. */
const MAX_FREQUENCY = 32_767;

type Stems = Map<string, string | null>;

/** Stems words of one language, and remembers them: most words of a text were in the one before. */
export class TextIndexer {
  readonly #language: string;
  #stems: Stems = new Map();

  constructor(language: string) {
    this.#language = language;
  }

  /** Each text as its words, in the form of `wordsOf`. */
  async index(trx: TenantTransaction, texts: readonly (readonly string[])[]): Promise<IndexEntry[]> {
    // Held to the end: another call may begin a new map meanwhile, and no word of this one may get lost.
    const stems = this.#roomy();
    addTo(stems, await stemWords(trx, unknownOf(stems, texts.flat()), [this.#language]));
    return texts.map((words) => count(stems, words));
  }

  /** Without a question to the database: null where it would have to ask. */
  indexKnown(words: readonly string[]): IndexEntry | null {
    return words.every((word) => this.#stems.has(word)) ? count(this.#stems, words) : null;
  }

  /** Words whose stems it does not know, each once. */
  unknown(words: readonly string[]): string[] {
    return unknownOf(this.#stems, words);
  }

  learn(known: readonly Stem[]): void {
    addTo(this.#roomy(), known);
  }

  #roomy(): Stems {
    if (this.#stems.size > MAX_CACHED_STEMS) this.#stems = new Map();
    return this.#stems;
  }
}

function unknownOf(stems: Stems, words: readonly string[]): string[] {
  return [...new Set(words.filter((word) => !stems.has(word)))];
}

function addTo(stems: Stems, known: readonly Stem[]): void {
  for (const { word, lexeme } of known) stems.set(word, lexeme);
}

function count(stems: Stems, words: readonly string[]): IndexEntry {
  const frequencies = new Map<string, number>();
  let wordCount = 0;
  for (const word of words) {
    const lexeme = stems.get(word) ?? null;
    if (lexeme === null) continue;
    wordCount += 1;
    frequencies.set(lexeme, Math.min(MAX_FREQUENCY, (frequencies.get(lexeme) ?? 0) + 1));
  }
  return { frequencies, wordCount };
}
