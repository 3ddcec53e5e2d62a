import type { Principal } from '../../features/identity/index.ts';
import type { Memory } from '../../features/memory/index.ts';
import { requestErrors } from '../../platform/http/errors.ts';
import type { WebSocket } from '../../platform/http/web-socket.ts';
import type { Metrics } from '../../platform/telemetry/metrics.ts';
import { type GuardDependencies, GuardedSocket, type SocketContext } from './guarded-socket.ts';
import type { MemoryFrame } from './memory-frames.ts';
import type { Connection } from './open-connections.ts';
import { readMemoryFrame } from './read-frame.ts';

export type MemoryConnectionDependencies = GuardDependencies & {
  memory: Pick<Memory, 'live' | 'recall'>;
  metrics: Metrics;
  /** Counts one frame that asks for something. @throws ApiError ERR_LIMIT_001 */
  countAct(principal: Principal, act: 'request'): Promise<void>;
};

/** Subscriptions of one connection. */
const MOST_SUBSCRIPTIONS = 8;

/** One client that hears of new memories, and searches as somebody types. */
export class MemoryConnection implements Connection {
  readonly #deps: MemoryConnectionDependencies;
  readonly #guard: GuardedSocket;
  readonly #subscriptions = new Map<number, AbortController>();
  readonly #ended = new AbortController();
  /** Of the address: for frames that name none. */
  readonly #conversationId: string | undefined;
  #lastSubscription = 0;
  #searching: AbortController | null = null;

  constructor(
    socket: WebSocket,
    credential: { principal: Principal; token: string },
    parts: {
      deps: MemoryConnectionDependencies;
      context: Omit<SocketContext, 'access'>;
      conversationId?: string | undefined;
    },
  ) {
    this.#deps = parts.deps;
    this.#conversationId = parts.conversationId;
    const context = { ...parts.context, access: 'viewer' as const };
    const handle = async (text: string) => {
      const frame = readMemoryFrame(text);
      if (await this.#guard.checkCredential()) await this.#act(frame);
    };
    this.#guard = new GuardedSocket(socket, credential, { deps: parts.deps, context, handle });
    socket.once('close', () => this.#ended.abort());
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

  async #act(frame: MemoryFrame): Promise<void> {
    if (frame.kind === 'ping') return this.#guard.outbox.send({ type: 'pong' });
    await this.#deps.countAct(this.#guard.principal, 'request');
    if (frame.kind === 'subscribe') return this.#subscribe(frame);
    if (frame.kind === 'search') return this.#search(frame);
    this.#subscriptions.get(frame.subscription)?.abort();
    await this.#guard.outbox.send({ type: 'unsubscribed', subscription: frame.subscription });
  }

  async #subscribe({ subject, conversation_id, after }: MemoryFrame & { kind: 'subscribe' }) {
    const conversationId = conversation_id ?? this.#conversationId;
    if (this.#subscriptions.size >= MOST_SUBSCRIPTIONS) {
      throw requestErrors.invalid(`type subscribe is one too many: ${MOST_SUBSCRIPTIONS} are open here already`);
    }
    const { live } = this.#deps.memory;
    const { principal, outbox } = this.#guard;
    const place = after ?? (await live.place(principal));
    const subscription = ++this.#lastSubscription;
    const stop = new AbortController();
    this.#subscriptions.set(subscription, stop);
    this.#deps.metrics.openStreams.inc();
    await outbox.send({ type: 'subscribed', subscription, place });
    const query = { subject, conversationId, after: place, fresh: after === undefined };
    void this.#tell(subscription, query, AbortSignal.any([stop.signal, this.#ended.signal]))
      .catch((error) => this.#guard.refuse(error))
      .finally(() => {
        this.#subscriptions.delete(subscription);
        this.#deps.metrics.openStreams.dec();
      });
  }

  /** A client that takes nothing is sent nothing: the next look waits until it has taken what there was. */
  async #tell(
    subscription: number,
    query: Parameters<Memory['live']['follow']>[1],
    signal: AbortSignal,
  ): Promise<void> {
    for await (const { memories } of this.#deps.memory.live.follow(this.#guard.principal, query, signal)) {
      const frames = memories.map(({ place, memory }) => ({
        type: 'memory',
        event: memory.version > 1 ? 'corrected' : 'created',
        subscription,
        place,
        memory,
      }));
      await this.#guard.outbox.send(...frames);
      if (!this.#guard.isOpen) return;
    }
  }

  /** What words find comes at once, what meaning adds after it. The next search of the client ends this one. */
  async #search({ kind: _, id, ...asked }: MemoryFrame & { kind: 'search' }): Promise<void> {
    const body = { ...(this.#conversationId && { conversation_id: this.#conversationId }), ...asked };
    this.#searching?.abort();
    const stop = new AbortController();
    this.#searching = stop;
    const signal = AbortSignal.any([stop.signal, this.#ended.signal]);
    const { recall } = this.#deps.memory;
    const { principal } = this.#guard;
    const byWords = await recall.recall(principal, body, signal, { wordsOnly: true });
    const isAll = !recall.hasMeaning(principal);
    await this.#guard.outbox.send({ type: 'search_results', id: id ?? null, final: isAll, ...byWords });
    if (isAll) return;
    // Not waited for: the next letters are read meanwhile.
    void recall
      .recall(principal, body, signal)
      .then((whole) =>
        signal.aborted
          ? undefined
          : this.#guard.outbox.send({ type: 'search_results', id: id ?? null, final: true, ...whole }),
      )
      .catch((error) => (signal.aborted ? undefined : this.#guard.refuse(error)));
  }
}
