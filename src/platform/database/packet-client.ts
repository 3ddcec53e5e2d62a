import type { Socket } from 'node:net';
import pg from 'pg';

/**
 * A client that sends what is asked within one turn of the event loop in one packet: a transaction's beginning with its
 * first statement, or the whole of a short one. A system call costs more than most of our statements.
 */
export class PacketClient extends pg.Client {
  #corked = false;

  override query(...args: never[]): never {
    this.#gather();
    return (super.query as (...all: never[]) => never)(...args);
  }

  #gather(): void {
    const { stream } = (this as unknown as { connection: { stream: Socket } }).connection;
    if (this.#corked) return;
    this.#corked = true;
    stream.cork();
    process.nextTick(() => {
      this.#corked = false;
      stream.uncork();
    });
  }
}
