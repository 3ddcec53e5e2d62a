import { type Bulkhead, BulkheadFull, bulkhead } from './bulkhead.ts';
import { type CircuitBreaker, CircuitOpen, circuitBreaker } from './circuit-breaker.ts';
import { type RetryOptions, retrying } from './retrying.ts';

/** What a service outside is called, and how much of it we bear. */
export type OutsideService = {
  /** One breaker and one bulkhead for each name: `model:openai`, `mcp:<tenant>:<server>`. */
  name: string;
  /** What sort of service it is; bounded, since it is a label of metrics. */
  kind: 'model' | 'embedding' | 'mcp' | 'oauth' | 'mail' | 'bucket' | 'git' | 'web';
  /** For one try, ms. */
  timeout: number;
  /** Calls at once; 20 where it is left out. */
  most?: number;
  /** Calls that may wait for their turn; 100 where it is left out. */
  mostWaiting?: number;
  /** Only where a call may be repeated: reading, or writing what is recognised as the same. */
  retries?: Omit<RetryOptions, 'isRetryable'> & { isRetryable?: RetryOptions['isRetryable'] };
  /** Whether an error says that the service is broken, rather than that it refused this call. All do where it is left out. */
  isFault?: (error: unknown) => boolean;
};

export type OutsideState = {
  name: string;
  kind: OutsideService['kind'];
  circuit: CircuitBreaker['state'];
  active: number;
  waiting: number;
};

export type OutsideEvents = {
  onCall?: (kind: OutsideService['kind'], outcome: 'answered' | 'failed' | 'refused' | 'aborted') => void;
  onCircuit?: (name: string, state: CircuitBreaker['state']) => void;
};

/** Every call to something outside goes through here, or at least through its breaker: models have their own retries. */
export type Outside = {
  /** @throws what `work` throws; CircuitOpen, BulkheadFull, OutsideTimeout; the signal's reason */
  call<T>(service: OutsideService, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T>;
  breaker(name: string, kind: OutsideService['kind']): CircuitBreaker;
  /** Of every service that was called lately, by name. */
  states(): readonly OutsideState[];
};

export class OutsideTimeout extends Error {
  constructor(name: string, timeout: number) {
    super(`${name} did not answer within ${timeout} ms.`);
    this.name = 'OutsideTimeout';
  }
}

/** Two repetitions within some seconds. */
export const READ_RETRIES = { attempts: 3, baseDelay: 250, maxDelay: 4_000, giveUpAfter: 15_000 } as const;

const MOST_AT_ONCE = 20;
const MOST_WAITING = 100;
/** Tenants name servers of their own, so that there has to be an end to what is kept of them. */
const MOST_KEPT = 1_000;

type Kept = { kind: OutsideService['kind']; breaker: CircuitBreaker; room: Bulkhead };

export function createOutside(events: OutsideEvents = {}): Outside {
  const known = new Map<string, Kept>();

  function keptFor({
    name,
    kind,
    most = MOST_AT_ONCE,
    mostWaiting = MOST_WAITING,
  }: Omit<OutsideService, 'timeout'>): Kept {
    const found = known.get(name) ?? {
      kind,
      breaker: circuitBreaker({ onChange: (state) => events.onCircuit?.(name, state) }),
      room: bulkhead(most, mostWaiting),
    };
    known.delete(name);
    known.set(name, found);
    const [oldest] = known.keys();
    if (known.size > MOST_KEPT && oldest !== undefined) known.delete(oldest);
    return found;
  }

  async function once<T>(
    { name, kind, timeout, isFault = () => true }: OutsideService,
    { breaker }: Kept,
    work: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const permit = breaker.enter();
    // Not AbortSignal.any: what still hears of it would live as long as the caller's signal, which may be the process's.
    const end = new AbortController();
    const timer = setTimeout(() => end.abort(new OutsideTimeout(name, timeout)), timeout);
    const abandon = () => end.abort(signal.reason);
    signal.addEventListener('abort', abandon);
    if (signal.aborted) abandon();
    try {
      // A service that does not heed its signal is left alone: nobody waits for it any more.
      const answer = await Promise.race([work(end.signal), rejection(end.signal)]);
      permit.succeeded();
      events.onCall?.(kind, 'answered');
      return answer;
    } catch (error) {
      if (signal.aborted) permit.abandoned();
      else if (end.signal.aborted || isFault(error)) permit.failed();
      else permit.succeeded();
      events.onCall?.(kind, signal.aborted ? 'aborted' : 'failed');
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abandon);
    }
  }

  return {
    async call(service, work, signal) {
      const kept = keptFor(service);
      const { retries, isFault = () => true } = service;
      const isOurs = (error: unknown) => error instanceof CircuitOpen || error instanceof BulkheadFull;
      const tryOnce = () => kept.room.run(() => once(service, kept, work, signal), signal);
      try {
        if (!retries) return await tryOnce();
        const isRetryable = (error: unknown) => !isOurs(error) && (retries.isRetryable ?? isFault)(error);
        return await retrying(tryOnce, { ...retries, isRetryable }, signal);
      } catch (error) {
        if (isOurs(error)) events.onCall?.(service.kind, 'refused');
        throw error;
      }
    },
    breaker: (name, kind) => keptFor({ name, kind }).breaker,
    states: () =>
      [...known]
        .map(([name, { kind, breaker, room }]) => {
          return { name, kind, circuit: breaker.state, active: room.active, waiting: room.waiting };
        })
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
