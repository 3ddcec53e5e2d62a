import { Redis } from 'ioredis';
import type { Logger } from '../telemetry/log.ts';

/** Redis or Valkey, which replicas share. Nothing that must not be lost is in it, and everything works on without it. */
export type RedisConnection = {
  readonly client: Redis;
  /** Connects; also resolves when that takes too long, and then goes on trying. */
  connect(): Promise<void>;
  /** @throws Error when it does not answer now */
  check(): Promise<void>;
  /** Tells whoever listens on a channel. False: Redis did not take it; nobody was told. */
  publish(channel: string, payload: string): Promise<boolean>;
  /** Calls back for what is published, over a connection of its own that is renewed when it breaks. What comes meanwhile is
   * lost, so a caller must also poll. */
  listen(channel: string, onPayload: (payload: string) => void): () => Promise<void>;
  close(): void;
};

/** A command that takes longer has failed, ms. Some 0.1 ms are usual; a stopped process or a lost network answers never. */
const COMMAND_TIMEOUT_MS = 250;
/** A connection that is silent for so long is given up, so that not every command waits for its time-out, ms. */
const SILENCE_MS = 1_000;
const CONNECT_TIMEOUT_MS = 2_000;
const LONGEST_PAUSE_MS = 2_000;
/** A listener that hears nothing for so long, not even answers to its pings, is connected anew, ms. */
const LISTEN_SILENCE_MS = 15_000;

/** Does not connect yet. */
export function createRedis(url: string, log: Logger): RedisConnection {
  const client = new Redis(url, {
    lazyConnect: true,
    // Commands fail at once while it is away, instead of gathering in memory.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(attempt * 100, LONGEST_PAUSE_MS),
  });
  logChanges(client, log);
  return {
    client,
    connect: () => connect(client),
    check: async () => {
      await client.ping();
    },
    publish: (channel, payload) =>
      client.publish(channel, payload).then(
        () => true,
        () => false,
      ),
    listen: (channel, onPayload) => listen(client, channel, onPayload),
    close: () => client.disconnect(),
  };
}

function listen(client: Redis, channel: string, onPayload: (payload: string) => void): () => Promise<void> {
  // A listener is silent for as long as nothing is published, and sends nothing that could be late. The client pings by
  // itself, so that a lost network is noticed.
  const listener = client.duplicate({
    enableOfflineQueue: true,
    maxRetriesPerRequest: null,
    socketTimeout: LISTEN_SILENCE_MS,
  });
  listener.on('message', (_channel: string, payload: string) => onPayload(payload));
  // Told in the log by the connection that commands go over.
  listener.on('error', () => undefined);
  const ping = setInterval(() => {
    if (listener.status === 'ready') listener.ping().catch(() => undefined);
  }, LISTEN_SILENCE_MS / 3).unref();
  listener.on('ready', () => listener.subscribe(channel).catch(() => undefined));
  listener.connect().catch(() => undefined);
  return async () => {
    clearInterval(ping);
    listener.disconnect();
  };
}

async function connect(client: Redis): Promise<void> {
  const late = AbortSignal.timeout(CONNECT_TIMEOUT_MS);
  await Promise.race([
    client.connect().catch(() => undefined),
    new Promise<void>((resolve) => late.addEventListener('abort', () => resolve())),
  ]);
}

/** Once for each change: while it is away, it fails several times a second. */
function logChanges(client: Redis, log: Logger): void {
  let away = false;
  client.on('ready', () => {
    log.info('Redis answers');
    away = false;
  });
  client.on('error', (error) => {
    if (!away) log.warn({ err: error }, 'Redis does not answer; this process counts by itself until it does');
    away = true;
  });
}
