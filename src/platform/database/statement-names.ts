import { createHash } from 'node:crypto';

/** Uses after which a statement is worth preparing: a migration's never is. */
const WORTH_PREPARING = 5;
/** Statements that one connection keeps prepared at most: a few megabytes of Postgres's memory. */
const MOST_PREPARED = 200;
/** Texts that are counted; some, such as those with lists of values, have endless variants. */
const MOST_COUNTED = 2_000;

/** Gives the statements that come often a name. Pure but for its counts. */
export class StatementNames {
  readonly #names = new Map<string, string>();
  #uses = new Map<string, number>();

  /** Null: not yet, or never, worth preparing. */
  nameOf(text: string): string | null {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    if (this.#names.size >= MOST_PREPARED) return null;
    const uses = (this.#uses.get(text) ?? 0) + 1;
    if (uses < WORTH_PREPARING) {
      if (this.#uses.size >= MOST_COUNTED) this.#uses = new Map();
      this.#uses.set(text, uses);
      return null;
    }
    this.#uses.delete(text);
    const name = `p_${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`;
    this.#names.set(text, name);
    return name;
  }
}
