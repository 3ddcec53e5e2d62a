import type { RawData } from 'ws';
import { type Principal, requireRole } from '../../features/identity/index.ts';
import { ApiError, requestErrors } from '../../platform/http/errors.ts';
import type { WebSocket } from '../../platform/http/web-socket.ts';
import type { Logger } from '../../platform/telemetry/log.ts';
import { currentWork, inWork } from '../../platform/telemetry/tracing.ts';
import { errorFrame } from './error-frame.ts';
import { closeSoon, Outbox, type OutboxTimes } from './outbox.ts';

export const UNAUTHORIZED = { code: 1008, reason: 'Unauthorized' } as const;
/** Frames of one client that wait while one is worked on. */
const MOST_UNREAD = 32;

export type GuardDependencies = {
  /** Whom a token proves at this moment. @throws ApiError for one that is wrong, has ended or was revoked */
  authenticateToken(token: string): Promise<Principal>;
};

export type SocketContext = { log: Logger; times: OutboxTimes; access: 'viewer' | 'member' };

/** A client's connection as long as its credential holds: frames are worked on one after another, faults become frames. */
export class GuardedSocket {
  readonly socket: WebSocket;
  readonly outbox: Outbox;
  readonly #deps: GuardDependencies;
  readonly #context: SocketContext;
  readonly #token: string;
  readonly #handle: (text: string) => Promise<void>;
  #principal: Principal;
  #reading: Promise<void> = Promise.resolve();
  #unread = 0;
  #answers = true;

  /** `handle` is given each frame that comes while the credential holds; what it throws is told to the client. */
  constructor(
    socket: WebSocket,
    credential: { principal: Principal; token: string },
    parts: { deps: GuardDependencies; context: SocketContext; handle(text: string): Promise<void> },
  ) {
    this.socket = socket;
    this.#deps = parts.deps;
    this.#context = parts.context;
    this.#handle = parts.handle;
    this.#token = credential.token;
    this.#principal = credential.principal;
    this.outbox = new Outbox(socket, parts.context.times);
    // What its frames begin belongs to the request that opened the connection.
    const work = currentWork() ?? { ids: {}, span: null };
    socket.on('message', (text, isBinary) => inWork(work, () => this.#receive(text, isBinary)));
    socket.on('pong', () => {
      this.#answers = true;
    });
    // The reason reaches the close event; a client that is gone is no fault of ours.
    socket.on('error', (error) => this.#context.log.info({ err: error }, 'a WebSocket broke off'));
  }

  get principal(): Principal {
    return this.#principal;
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  /** Asks the client whether it is there, and ends the connection when it was silent since the last time. */
  checkAlive(): void {
    if (!this.#answers) {
      this.socket.terminate();
      return;
    }
    this.#answers = false;
    this.socket.ping();
  }

  /** Ends the connection when its credential has ended, or gives too little by now. */
  async checkCredential(): Promise<boolean> {
    try {
      const { origin } = this.#principal;
      this.#principal = { ...(await this.#deps.authenticateToken(this.#token)), origin };
      requireRole(this.#principal, this.#context.access);
      return true;
    } catch (error) {
      const kind = error instanceof ApiError ? error.definition.kind : null;
      // A database that is away proves nothing against a credential.
      if (kind !== 'unauthenticated' && kind !== 'forbidden') throw error;
      closeSoon(this.socket, UNAUTHORIZED.code, UNAUTHORIZED.reason);
      return false;
    }
  }

  /** Tells the client what went wrong, in a frame. */
  async refuse(error: unknown): Promise<void> {
    const frame = errorFrame(error);
    if (frame.error_code === 'internal_error') this.#context.log.error({ err: error }, 'a frame could not be answered');
    else this.#context.log.info({ code: frame.code, detail: frame.message }, 'refused');
    await this.outbox.send(frame);
  }

  #receive(text: RawData, isBinary: boolean): void {
    this.#answers = true;
    this.#unread += 1;
    if (this.#unread > MOST_UNREAD) {
      closeSoon(this.socket, 1008, 'Too many frames at once');
      return;
    }
    this.#reading = this.#reading.then(async () => {
      await this.#read(String(text), isBinary).catch((error) => this.refuse(error));
      this.#unread -= 1;
    });
  }

  async #read(text: string, isBinary: boolean): Promise<void> {
    if (!this.isOpen) return;
    if (isBinary) throw requestErrors.malformed('Send frames of text, not binary ones.');
    await this.#handle(text);
  }
}
