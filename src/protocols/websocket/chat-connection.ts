import type { RawData } from 'ws';
import type { Chat, EventLine, LoggedEvent } from '../../features/chat/index.ts';
import { type Principal, requireRole } from '../../features/identity/index.ts';
import { ApiError, requestErrors, serverErrors } from '../../platform/http/errors.ts';
import type { WebSocket } from '../../platform/http/web-socket.ts';
import type { Logger } from '../../platform/telemetry/log.ts';
import type { Metrics } from '../../platform/telemetry/metrics.ts';
import { errorFrame } from './error-frame.ts';
import type { ClientFrame, MessageFrame } from './frames.ts';
import { closeSoon, Outbox, type OutboxTimes } from './outbox.ts';
import { readFrame } from './read-frame.ts';
import { RunFrames } from './run-frames.ts';

export type ConnectionDependencies = {
  chat: Chat;
  metrics: Metrics;
  /** Whom a token proves at this moment. @throws ApiError for one that is wrong, has ended or was revoked */
  authenticateToken(token: string): Promise<Principal>;
  /** Counts one frame that asks for something, or one question. @throws ApiError ERR_LIMIT_001 */
  countAct(principal: Principal, act: 'request' | 'message'): Promise<void>;
  isDraining(): boolean;
};

export const UNAUTHORIZED = { code: 1008, reason: 'Unauthorized' } as const;
/** Answers that one connection follows at the same time. */
const MOST_FOLLOWED = 4;
/** Frames of one client that wait while one is worked on. */
const MOST_UNREAD = 32;

/** One client that chats: reads its frames one after another, and tells it the runs that it follows. */
export class ChatConnection {
  readonly #socket: WebSocket;
  readonly #deps: ConnectionDependencies;
  readonly #log: Logger;
  readonly #token: string;
  readonly #outbox: Outbox;
  readonly #followed = new Map<string, AbortController>();
  #principal: Principal;
  #sessionId: string | null = null;
  #lastRunId: string | null = null;
  #reading: Promise<void> = Promise.resolve();
  #unread = 0;
  #answers = true;

  constructor(
    socket: WebSocket,
    credential: { principal: Principal; token: string },
    context: { deps: ConnectionDependencies; log: Logger; times: OutboxTimes },
  ) {
    this.#socket = socket;
    this.#deps = context.deps;
    this.#log = context.log;
    this.#token = credential.token;
    this.#principal = credential.principal;
    this.#outbox = new Outbox(socket, context.times);
    socket.on('message', (text, isBinary) => this.#receive(text, isBinary));
    socket.on('pong', () => {
      this.#answers = true;
    });
    // The reason reaches the close event; a client that is gone is no fault of ours.
    socket.on('error', (error) => this.#log.info({ err: error }, 'a WebSocket broke off'));
    socket.once('close', () => {
      for (const stop of this.#followed.values()) stop.abort();
    });
  }

  get userId(): string {
    return this.#principal.userId;
  }

  /** Asks the client whether it is there, and ends the connection when it was silent since the last time. */
  checkAlive(): void {
    if (!this.#answers) {
      this.#socket.terminate();
      return;
    }
    this.#answers = false;
    this.#socket.ping();
  }

  /** Ends the connection when its credential has ended, or gives too little by now. */
  async checkCredential(): Promise<boolean> {
    try {
      const { origin } = this.#principal;
      this.#principal = { ...(await this.#deps.authenticateToken(this.#token)), origin };
      requireRole(this.#principal, 'member');
      return true;
    } catch (error) {
      const kind = error instanceof ApiError ? error.definition.kind : null;
      // A database that is away proves nothing against a credential.
      if (kind !== 'unauthenticated' && kind !== 'forbidden') throw error;
      closeSoon(this.#socket, UNAUTHORIZED.code, UNAUTHORIZED.reason);
      return false;
    }
  }

  #receive(text: RawData, isBinary: boolean): void {
    this.#answers = true;
    this.#unread += 1;
    if (this.#unread > MOST_UNREAD) {
      closeSoon(this.#socket, 1008, 'Too many frames at once');
      return;
    }
    this.#reading = this.#reading.then(async () => {
      await this.#handle(String(text), isBinary).catch((error) => this.#refuse(error));
      this.#unread -= 1;
    });
  }

  async #handle(text: string, isBinary: boolean): Promise<void> {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (isBinary) throw requestErrors.malformed('Send frames of text, not binary ones.');
    const frame = readFrame(text);
    if (!(await this.checkCredential())) return;
    await this.#act(frame);
  }

  async #refuse(error: unknown): Promise<void> {
    const frame = errorFrame(error);
    if (frame.error_code === 'internal_error') this.#log.error({ err: error }, 'a frame could not be answered');
    else this.#log.info({ code: frame.code, detail: frame.message }, 'refused');
    await this.#outbox.send(frame);
  }

  async #act(frame: ClientFrame): Promise<void> {
    const { chat, countAct } = this.#deps;
    switch (frame.kind) {
      case 'ping':
        return this.#outbox.send({ type: 'pong' });
      case 'message':
        return this.#message(frame);
      case 'resume':
        await countAct(this.#principal, 'request');
        return this.#follow(frame.run_id, frame.after ?? 0);
      case 'cancel': {
        await countAct(this.#principal, 'request');
        const runId = frame.run_id ?? this.#lastRunId;
        if (runId === null) throw missing('run_id', 'is required: nothing was asked here yet');
        await chat.runs.cancel(this.#principal, runId);
      }
    }
  }

  async #message({ message, session_id, model }: MessageFrame): Promise<void> {
    const { chat, countAct, isDraining } = this.#deps;
    if (message === undefined) {
      await countAct(this.#principal, 'request');
      return this.#enter(session_id ?? null);
    }
    if (isDraining()) throw serverErrors.unavailable();
    await countAct(this.#principal, 'message');
    // No frame asks for approval here, so that no tool is offered that would wait for it.
    const asked = { input: message.trim(), client_tools: 'end' } as const;
    const input = { ...asked, ...(model !== undefined && { model }) };
    const sessionId = session_id ?? this.#sessionId;
    const run = sessionId
      ? await chat.runs.create(this.#principal, sessionId, input)
      : await chat.runs.createInNewSession(this.#principal, {}, input);
    this.#sessionId = run.session_id;
    this.#lastRunId = run.id;
    await this.#follow(run.id, 0, () => performance.now());
  }

  /** The handshake: says which session the next questions belong to, and whether an answer is under way in it. */
  async #enter(sessionId: string | null): Promise<void> {
    const session = sessionId === null ? null : await this.#deps.chat.sessions.get(this.#principal, sessionId);
    this.#sessionId = sessionId;
    this.#lastRunId = session?.active_run_id ?? null;
    await this.#outbox.send({ type: 'session', session_id: sessionId, active_run_id: this.#lastRunId });
  }

  /** Tells a run from behind `after` on, beside all else that happens here. */
  async #follow(runId: string, after: number, clock: (() => number) | null = null): Promise<void> {
    if (this.#followed.has(runId)) return;
    if (this.#followed.size >= MOST_FOLLOWED) {
      throw missing('run_id', `is one too many: ${MOST_FOLLOWED} answers are followed here already`);
    }
    const stop = new AbortController();
    const lines = await this.#deps.chat.runs.follow(this.#principal, runId, 0, stop.signal);
    this.#followed.set(runId, stop);
    this.#lastRunId = runId;
    this.#deps.metrics.openStreams.inc();
    void this.#tell(runId, lines, new RunFrames({ runId, after, clock }))
      .catch((error) => this.#refuse(error))
      .finally(() => {
        stop.abort();
        this.#followed.delete(runId);
        this.#deps.metrics.openStreams.dec();
      });
  }

  async #tell(runId: string, batches: AsyncIterable<readonly EventLine[]>, rendering: RunFrames): Promise<void> {
    let ended = false;
    let seq = 0;
    for await (const lines of batches) {
      await this.#outbox.send(...rendering.add(lines.map(({ json }) => JSON.parse(json) as LoggedEvent)));
      const last = lines.at(-1);
      ended = last?.type === 'run-end';
      seq = last?.seq ?? seq;
      if (this.#socket.readyState !== this.#socket.OPEN) return;
    }
    if (ended || this.#socket.readyState !== this.#socket.OPEN) return;
    // Its worker was lost, or is shutting down; another goes on with it.
    const message = 'The answer goes on elsewhere: resume it from here.';
    const { code } = serverErrors.unavailable().definition;
    await this.#outbox.send({ type: 'error', message, error_code: 'stream_interrupted', code, run_id: runId, seq });
  }
}

function missing(field: string, message: string): ApiError {
  return requestErrors.invalid(`${field} ${message}`, { fields: [{ field, message }] });
}
