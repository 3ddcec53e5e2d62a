import type { Chat, EventLine, LoggedEvent } from '../../features/chat/index.ts';
import type { Principal } from '../../features/identity/index.ts';
import { type ApiError, requestErrors, serverErrors } from '../../platform/http/errors.ts';
import type { WebSocket } from '../../platform/http/web-socket.ts';
import type { Logger } from '../../platform/telemetry/log.ts';
import type { Metrics } from '../../platform/telemetry/metrics.ts';
import type { ClientFrame, MessageFrame } from './frames.ts';
import { type GuardDependencies, GuardedSocket } from './guarded-socket.ts';
import type { Connection } from './open-connections.ts';
import type { OutboxTimes } from './outbox.ts';
import { readFrame } from './read-frame.ts';
import { RunFrames } from './run-frames.ts';

export type ConnectionDependencies = GuardDependencies & {
  chat: Chat;
  metrics: Metrics;
  /** Counts one frame that asks for something, or one question. @throws ApiError ERR_LIMIT_001 */
  countAct(principal: Principal, act: 'request' | 'message'): Promise<void>;
  isDraining(): boolean;
};

/** Answers that one connection follows at the same time. */
const MOST_FOLLOWED = 4;

/** One client that chats: reads its frames one after another, and tells it the runs that it follows. */
export class ChatConnection implements Connection {
  readonly #deps: ConnectionDependencies;
  readonly #guard: GuardedSocket;
  readonly #followed = new Map<string, AbortController>();
  #sessionId: string | null = null;
  #lastRunId: string | null = null;

  constructor(
    socket: WebSocket,
    credential: { principal: Principal; token: string },
    { deps, log, times }: { deps: ConnectionDependencies; log: Logger; times: OutboxTimes },
  ) {
    this.#deps = deps;
    const handle = async (text: string) => {
      const frame = readFrame(text);
      if (await this.#guard.checkCredential()) await this.#act(frame);
    };
    this.#guard = new GuardedSocket(socket, credential, { deps, context: { log, times, access: 'member' }, handle });
    socket.once('close', () => {
      for (const stop of this.#followed.values()) stop.abort();
    });
  }

  get userId(): string {
    return this.#guard.principal.userId;
  }

  get tenantId(): string {
    return this.#guard.principal.tenant.id;
  }

  checkAlive(): void {
    this.#guard.checkAlive();
  }

  checkCredential(): Promise<boolean> {
    return this.#guard.checkCredential();
  }

  async #act(frame: ClientFrame): Promise<void> {
    const { chat, countAct } = this.#deps;
    switch (frame.kind) {
      case 'ping':
        return this.#guard.outbox.send({ type: 'pong' });
      case 'message':
        return this.#message(frame);
      case 'resume':
        await countAct(this.#guard.principal, 'request');
        return this.#follow(frame.run_id, frame.after ?? 0);
      case 'cancel': {
        await countAct(this.#guard.principal, 'request');
        const runId = frame.run_id ?? this.#lastRunId;
        if (runId === null) throw missing('run_id', 'is required: nothing was asked here yet');
        await chat.runs.cancel(this.#guard.principal, runId);
      }
    }
  }

  async #message({ message, session_id, model, cancel_active = false }: MessageFrame): Promise<void> {
    const { chat, countAct, isDraining } = this.#deps;
    if (message === undefined) {
      await countAct(this.#guard.principal, 'request');
      return this.#enter(session_id ?? null);
    }
    if (isDraining()) throw serverErrors.unavailable();
    await countAct(this.#guard.principal, 'message');
    // No frame asks for approval here, so that no tool is offered that would wait for it.
    const asked = { input: message.trim(), client_tools: 'end' } as const;
    const input = { ...asked, ...(model !== undefined && { model }), ...(cancel_active && { cancel_active }) };
    const sessionId = session_id ?? this.#sessionId;
    const run = sessionId
      ? await chat.runs.create(this.#guard.principal, sessionId, input)
      : await chat.runs.createInNewSession(this.#guard.principal, {}, input);
    this.#sessionId = run.session_id;
    this.#lastRunId = run.id;
    await this.#follow(run.id, 0, () => performance.now());
  }

  /** The handshake: says which session the next questions belong to, and whether an answer is under way in it. */
  async #enter(sessionId: string | null): Promise<void> {
    const session = sessionId === null ? null : await this.#deps.chat.sessions.get(this.#guard.principal, sessionId);
    this.#sessionId = sessionId;
    this.#lastRunId = session?.active_run_id ?? null;
    await this.#guard.outbox.send({ type: 'session', session_id: sessionId, active_run_id: this.#lastRunId });
  }

  /** Tells a run from behind `after` on, beside all else that happens here. */
  async #follow(runId: string, after: number, clock: (() => number) | null = null): Promise<void> {
    if (this.#followed.has(runId)) return;
    if (this.#followed.size >= MOST_FOLLOWED) {
      throw missing('run_id', `is one too many: ${MOST_FOLLOWED} answers are followed here already`);
    }
    const stop = new AbortController();
    const lines = await this.#deps.chat.runs.follow(this.#guard.principal, runId, 0, stop.signal);
    this.#followed.set(runId, stop);
    this.#lastRunId = runId;
    this.#deps.metrics.openStreams.inc();
    void this.#tell(runId, lines, new RunFrames({ runId, after, clock }))
      .catch((error) => this.#guard.refuse(error))
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
      await this.#guard.outbox.send(...rendering.add(lines.map(({ json }) => JSON.parse(json) as LoggedEvent)));
      const last = lines.at(-1);
      ended = last?.type === 'run-end';
      seq = last?.seq ?? seq;
      if (!this.#guard.isOpen) return;
    }
    if (ended || !this.#guard.isOpen) return;
    // Its worker was lost, or is shutting down; another goes on with it.
    const message = 'The answer goes on elsewhere: resume it from here.';
    const { code } = serverErrors.unavailable().definition;
    await this.#guard.outbox.send({
      type: 'error',
      message,
      error_code: 'stream_interrupted',
      code,
      run_id: runId,
      seq,
    });
  }
}

function missing(field: string, message: string): ApiError {
  return requestErrors.invalid(`${field} ${message}`, { fields: [{ field, message }] });
}
