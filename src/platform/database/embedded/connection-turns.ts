import { AsyncLocalStorage } from 'node:async_hooks';

/** Raised where waiting could never end: the embedded database has one connection, and this chain of calls holds it. */
export class ConnectionHeldError extends Error {
  constructor() {
    super(
      'The database itself was called inside a transaction that holds its only connection. Use the transaction that was passed in, or call after it has ended.',
    );
    this.name = 'ConnectionHeldError';
  }
}

/** The right to use the connection, until `end`. */
export class Turn {
  readonly #chain: AsyncLocalStorage<Turn>;
  readonly #onEnd: () => void;
  #ended = false;

  constructor(chain: AsyncLocalStorage<Turn>, onEnd: () => void) {
    this.#chain = chain;
    this.#onEnd = onEnd;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Marks the calling chain as the one that holds the connection. To be called before the first `await` of a statement,
   * so that the mark stays with the caller. */
  mark(): void {
    if (this.#chain.getStore() !== this) this.#chain.enterWith(this);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
  }
}

/** Hands the one connection to its callers in the order in which they came. */
export class ConnectionTurns {
  readonly #chain = new AsyncLocalStorage<Turn>();
  #waiting: ((turn: Turn) => void)[] = [];
  #current: Turn | null = null;

  /** Callers that wait now. */
  get waiting(): number {
    return this.#waiting.length;
  }

  get busy(): boolean {
    return this.#current !== null;
  }

  /** @throws ConnectionHeldError */
  async take(): Promise<Turn> {
    const holder = this.#chain.getStore();
    if (holder && !holder.ended) throw new ConnectionHeldError();
    if (this.#current === null) return this.#start();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #start(): Turn {
    const turn = new Turn(this.#chain, () => this.#next());
    this.#current = turn;
    return turn;
  }

  #next(): void {
    this.#current = null;
    const resolve = this.#waiting.shift();
    if (resolve) resolve(this.#start());
  }
}
