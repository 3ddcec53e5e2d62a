import type { TenantTransaction } from '../database/database.ts';
import { stemWords } from './stems.store.ts';

/** A text as an inverted index has it: how often it has each lexeme, stop words left out. */
export type IndexEntry = { frequencies: ReadonlyMap<string, number>; wordCount: number };

const MAX_CACHED_STEMS = 50_000;
/** Postgres' smallint; nothing of this length is said that often. */
const MAX_FREQUENCY = 32_767;

/** Stems words of one language, and remembers them: most words of a text were in the one before. */
export class TextIndexer {
  readonly #language: string;
  readonly #stems = new Map<string, string | null>();

  constructor(language: string) {
    this.#language = language;
  }

  /** Each text as its words, in the form of `wordsOf`. */
  async index(trx: TenantTransaction, texts: readonly (readonly string[])[]): Promise<IndexEntry[]> {
    await this.#learn(trx, texts.flat());
    return texts.map((list) => this.#count(list));
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
