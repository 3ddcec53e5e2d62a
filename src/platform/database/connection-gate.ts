import pg from 'pg';
import { DatabaseAwayError, noteConnectFailure } from './failures.ts';

/** A server to which no connection can be opened. */
export type Outage = {
  /** Why the last attempt failed. */
  error: Error;
  /** Attempts that failed. */
  attempts: number;
  /** Connections that were asked for meanwhile and not tried. */
  refused: number;
  /** How long it has lasted, seconds. */
  seconds: number;
};

export type OutageEvents = {
  /** Told of a failure, once in `QUIET_MS` at most: at once, unless it comes so soon after one that was told. */
  onAway?(outage: Outage): void;
  /** Told of the first success after that; not of the end of what was not told. */
  onBack?(outage: Outage): void;
  /** Told whenever it begins or ceases to refuse attempts. */
  onTurn?(refuses: boolean): void;
};

/** What a client calls back with when it is connected, or is not. */
type Connected = (error?: Error | null) => void;

/** The nth wait is `FIRST_MS`·2ⁿ⁻¹, a quarter less or more by chance, so that replicas do not come in step. */
const FIRST_MS = 100;
const LONGEST_MS = 2_000;
const QUIET_MS = 30_000;

/**
 * Before a server's door. After an attempt to connect has failed, one process tries once in a growing time, whatever asks,
 * and all else is refused at once with the reason: a server that comes back must not be kept busy by those that wait for it.
 * The first success lets everybody through. Connections that are open do not come by here.
 */
export class ConnectionGate {
  readonly #events: OutageEvents;
  /** Failed attempts since the last success; 0: all may pass. */
  #failures = 0;
  #refused = 0;
  #since = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  #isTold = false;
  #error: Error | null = null;
  #trying = false;
  #waiting: NodeJS.Timeout | null = null;

  constructor(events: OutageEvents = {}) {
    this.#events = events;
  }

  /** Connects, or calls back with the reason why that is not tried now. */
  pass(connect: (done: Connected) => void, callback: Connected): void {
    if (this.#error !== null && (this.#waiting !== null || this.#trying)) {
      this.#refused += 1;
      const refusal = new DatabaseAwayError(this.#error);
      // Whoever asked counts on hearing of it later.
      process.nextTick(() => callback(refusal));
      return;
    }
    const epoch = this.#failures;
    if (epoch > 0) {
      this.#trying = true;
      this.#events.onTurn?.(true);
    }
    connect((error) => {
      if (error) this.#fail(error, epoch);
      else this.#succeed();
      callback(error);
    });
  }

  /** Lets go of its timer. */
  close(): void {
    if (this.#waiting) clearTimeout(this.#waiting);
    this.#waiting = null;
  }

  #fail(error: Error, epoch: number): void {
    noteConnectFailure(error);
    // Many may have set out together before the first of them failed: they are one attempt.
    if (epoch !== this.#failures) return;
    this.#trying = false;
    const now = performance.now();
    if (this.#failures === 0) this.#since = now;
    this.#failures += 1;
    this.#error = error;
    this.#rest();
    if (now - this.#toldAt < QUIET_MS) return;
    this.#toldAt = now;
    this.#isTold = true;
    this.#events.onAway?.(this.#outage(error));
  }

  #rest(): void {
    const delay = Math.min(LONGEST_MS, FIRST_MS * 2 ** (this.#failures - 1)) * (0.75 + Math.random() / 2);
    this.#waiting = setTimeout(() => {
      this.#waiting = null;
      this.#events.onTurn?.(false);
    }, delay).unref();
    this.#events.onTurn?.(true);
  }

  #succeed(): void {
    if (this.#error === null) return;
    const outage = this.#outage(this.#error);
    this.close();
    this.#failures = 0;
    this.#refused = 0;
    this.#error = null;
    this.#trying = false;
    this.#events.onTurn?.(false);
    if (this.#isTold) this.#events.onBack?.(outage);
    this.#isTold = false;
  }

  #outage(error: Error): Outage {
    const seconds = Math.round((performance.now() - this.#since) / 100) / 10;
    return { error, attempts: this.#failures, refused: this.#refused, seconds };
  }
}

/** A client that connects through a gate where it has one. */
export class GatedClient extends pg.Client {
  override connect(): Promise<pg.Client>;
  override connect(callback: Connected): void;
  override connect(callback?: Connected): Promise<pg.Client> | undefined {
    if (!callback) {
      return new Promise((resolve, reject) => this.connect((error) => (error ? reject(error) : resolve(this))));
    }
    const gate = this.gate();
    if (gate) gate.pass((done) => super.connect(done), callback);
    else super.connect(callback);
    return undefined;
  }

  protected gate(): ConnectionGate | null {
    return null;
  }
}

/** A plain client that connects through `gate`. */
export function gatedClient(gate: ConnectionGate): typeof GatedClient {
  return class extends GatedClient {
    protected override gate(): ConnectionGate {
      return gate;
    }
  };
}
