import { Duplex } from 'node:stream';

/** AuthenticationOk, then ReadyForQuery (idle): the thread's session is already open, so no handshake goes to it. */
const HANDSHAKE = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);
const STARTUP = 0x00;
const TERMINATE = 0x58;

/** Stands in for the socket of a Postgres client and hands whole protocol messages to the database thread.
 * What is written in one turn of the event loop goes in one message: BEGIN and the statement after it cost one crossing. */
export class WireStream extends Duplex {
  readonly #send: (bytes: Uint8Array<ArrayBuffer>) => void;
  #pending: Uint8Array[] = [];

  constructor(send: (bytes: Uint8Array<ArrayBuffer>) => void) {
    super();
    this.#send = send;
  }

  /** Takes what the database answered. */
  receive(bytes: Uint8Array<ArrayBuffer>): void {
    this.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  connect(): this {
    process.nextTick(() => this.emit('connect'));
    return this;
  }

  // The client calls these on what it takes for a socket.
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  override _read(): void {
    // Answers are pushed when they come; the client never lags behind, because it parses as it receives.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, written: () => void): void {
    if (chunk[0] === STARTUP) this.push(HANDSHAKE);
    else if (chunk[0] !== TERMINATE) this.#enqueue(chunk);
    written();
  }

  override _final(finished: () => void): void {
    this.push(null);
    finished();
  }

  #enqueue(chunk: Uint8Array): void {
    if (this.#pending.push(chunk) === 1) process.nextTick(() => this.#flush());
  }

  #flush(): void {
    const bytes = joinBytes(this.#pending);
    this.#pending = [];
    if (!this.destroyed) this.#send(bytes);
  }
}

/** In a buffer of its own: what shares Node's pool cannot be handed to another thread. */
export function joinBytes(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}
