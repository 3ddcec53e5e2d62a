import type { WebSocket } from '../../platform/http/web-socket.ts';

export type OutboxTimes = {
  /** A client that takes nothing for this long is cut; it can come back and resume, ms. */
  stalled: number;
};

/** Bytes that may wait in this process for one client before its next frames are not even made. */
const MOST_WAITING = 64 * 1024;
/** How long a cut client has to take the closing frame, ms. */
const CLOSING_MS = 1_000;

/** What is on its way to one client. A slow one holds a batch of frames and no more. */
export class Outbox {
  readonly #socket: WebSocket;
  readonly #times: OutboxTimes;
  /** Resolves when the client has taken what waited; one wait for all that send meanwhile. */
  #room: Promise<void> | null = null;

  constructor(socket: WebSocket, times: OutboxTimes) {
    this.#socket = socket;
    this.#times = times;
  }

  /** Sends, and resolves when there is room for more; a client for which there is none in time is cut with 1013. */
  async send(...frames: readonly { type: string; [field: string]: unknown }[]): Promise<void> {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    for (const frame of frames) this.#socket.send(JSON.stringify(frame));
    if (this.#room === null && this.#socket.bufferedAmount > MOST_WAITING) {
      this.#room = this.#taken().finally(() => {
        this.#room = null;
      });
    }
    await this.#room;
  }

  /** An empty ping goes out behind all that waits, so its being written tells that the rest was. */
  async #taken(): Promise<void> {
    const socket = this.#socket;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        closeSoon(socket, 1013, 'Too slow: resume later');
        resolve();
      }, this.#times.stalled);
      socket.ping(undefined, undefined, () => resolve());
    });
    clearTimeout(timer);
  }
}

/** Closes, and does not wait long for a client that does not answer. */
export function closeSoon(socket: WebSocket, code: number, reason: string): void {
  socket.close(code, reason);
  const timer = setTimeout(() => socket.terminate(), CLOSING_MS);
  socket.once('close', () => clearTimeout(timer));
}
