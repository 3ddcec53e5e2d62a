/** Statements that take long are told, with their text and never with their parameters. */
export type SlowStatements = {
  /** From how long on, ms. */
  over: number;
  onSlow(statement: SlowStatement): void;
};

export type SlowStatement = { text: string; milliseconds: number; failed: boolean };

const LONGEST_TEXT = 2_000;
/** They take what they take: at a first start, a migration, a night's maintenance. */
const EXPECTED =
  /^\s*(?:VACUUM|ANALYZE|REINDEX|CHECKPOINT|COPY)\b|\b(?:CREATE|ALTER|DROP)\s+(?:TABLE|SCHEMA|INDEX|UNIQUE INDEX|EXTENSION|TYPE|FUNCTION|ROLE)\b/i;

/** The times of one connection's statements. They are sent ahead and answered in order, so that each begins when the one
 * before it is answered: what stands behind a slow one is not slow itself. */
export class StatementTimes {
  readonly #slow: SlowStatements;
  readonly #now: () => number;
  #answered = 0;

  constructor(slow: SlowStatements, now = () => performance.now()) {
    this.#slow = slow;
    this.#now = now;
  }

  /** In the caller's own chain, so that what is told belongs to its work. */
  watch(text: string, running: Promise<unknown>): void {
    const sent = this.#now();
    running.then(
      () => this.#end(text, sent, false),
      () => this.#end(text, sent, true),
    );
  }

  #end(text: string, sent: number, failed: boolean): void {
    const now = this.#now();
    const milliseconds = now - Math.max(sent, this.#answered);
    this.#answered = now;
    if (milliseconds < this.#slow.over || EXPECTED.test(text)) return;
    const shown = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
    this.#slow.onSlow({ text: shown, milliseconds: Math.round(milliseconds), failed });
  }
}
