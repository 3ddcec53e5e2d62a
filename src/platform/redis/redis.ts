import { Redis } from 'ioredis';
import type { Logger } from '../telemetry/log.ts';

/** Redis or Valkey, which replicas share. Nothing that must not be lost is in it, and everything works on without it. */
export type RedisConnection = {
  readonly client: Redis;
  /** Connects; also resolves when that takes too long, and then goes on trying. */
  connect(): Promise<void>;
  /** @throws Error when it does not answer now */
  check(): Promise<void>;
  close(): void;
};

/** A command that takes longer has failed, ms. Some 0.1 ms are usual; a stopped process or a lost network answers never. */
const COMMAND_TIMEOUT_MS = 250;
/** A connection that is silent for so long is given up, so that not every command waits for its time-out, ms. */
const SILENCE_MS = 1_000;
const CONNECT_TIMEOUT_MS = 2_000;
const LONGEST_PAUSE_MS = 2_000;

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
    close: () => client.disconnect(),
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
