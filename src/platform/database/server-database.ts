import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { ConnectionGate, gatedClient, type OutageEvents } from './connection-gate.ts';
import { type Database, databaseOver, identifier, type Unlisten } from './database.ts';
import { isConnectFailure } from './failures.ts';
import { numberTypes } from './number-types.ts';
import { packetClient } from './packet-client.ts';
import type { Schema } from './schema.ts';
import type { SlowStatements } from './slow-statements.ts';

export type ServerDatabaseOptions = {
  /** `postgres://user:password@host:port/name?sslmode=…` */
  url: string;
  /** Where a transaction pooler stands between: an address around it, for the connection that listens. */
  directUrl?: string | null;
  /** Connections of this process at most, 1 to 1000. */
  poolSize: number;
  /** How long a caller waits for a free connection, ms. */
  poolTimeout: number;
  /** Longest statement, ms. */
  statementTimeout: number;
  /** Whether statements that come often are prepared: not behind PgBouncer before 1.21 in transaction mode. */
  prepareStatements: boolean;
  applicationName: string;
  /** Who is told of slow statements; nobody where it is left out. */
  slow?: SlowStatements | null;
  /** Told of each connection that breaks. */
  onError(error: Error): void;
  /** Told of a server that lets no connection in, and of its return; nobody where it is left out. */
  outage?: Pick<OutageEvents, 'onAway' | 'onBack'> | null;
};

export function openServerDatabase(options: ServerDatabaseOptions): Database & { pool: pg.Pool } {
  const gate = new ConnectionGate({
    ...options.outage,
    // While no new connection can be had, who needs one waits for one of those that are open rather than be refused.
    onTurn: (refuses) => {
      pool.options.max = refuses && open > 0 ? open : options.poolSize;
    },
  });
  const Client = packetClient(options.prepareStatements, options.slow ?? null, gate);
  const pool = new pg.Pool({
    Client: Client as unknown as new () => pg.ClientBase,
    connectionString: options.url,
    max: options.poolSize,
    connectionTimeoutMillis: options.poolTimeout,
    idleTimeoutMillis: 30_000,
    statement_timeout: options.statementTimeout,
    application_name: options.applicationName,
    keepAlive: true,
    pipeline: true,
    types: numberTypes,
  });
  // An idle connection that breaks must not end the process; the pool drops it and opens another.
  pool.on('error', options.onError);
  // One that breaks while it is in use fails its queries; without a listener of its own it would end the process as well.
  let open = 0;
  pool.on('connect', (client) => {
    open += 1;
    client.on('error', options.onError);
  });
  pool.on('remove', () => {
    open -= 1;
  });
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  // Around a pooler there is another server.
  const listener = new Listener(options, options.directUrl ? new ConnectionGate(options.outage ?? {}) : gate);
  const database = databaseOver('server', db, {
    execute: (text, values) => execute(pool, text, values ?? []),
    listen: (channel, onPayload) => listener.listen(channel, onPayload),
    waiting: () => pool.waitingCount,
    connections: () => ({ open: pool.totalCount, idle: pool.idleCount }),
    close: async () => {
      gate.close();
      await listener.close();
      await db.destroy();
    },
  });
  return { ...database, pool };
}

async function execute(pool: pg.Pool, text: string, values: readonly unknown[]) {
  const client = await pool.connect();
  try {
    const result: pg.QueryResult | pg.QueryResult[] = await client.query(text, [...values]);
    return { rows: Array.isArray(result) ? result.flatMap(({ rows }) => rows) : result.rows };
  } catch (error) {
    // A script that failed after its own BEGIN would hand an aborted transaction to the next caller.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

const RECONNECT_MS = 1_000;

/** One connection of its own for notifications (LISTEN does not survive a transaction pooler), renewed when it breaks. */
class Listener {
  readonly #options: ServerDatabaseOptions;
  readonly #gate: ConnectionGate;
  readonly #callbacks = new Map<string, Set<(payload: string) => void>>();
  #client: Promise<pg.Client> | null = null;
  #renewal: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: ServerDatabaseOptions, gate: ConnectionGate) {
    this.#options = options;
    this.#gate = gate;
  }

  async listen(channel: string, onPayload: (payload: string) => void): Promise<Unlisten> {
    const known = this.#callbacks.get(channel);
    const callbacks = known ?? new Set();
    callbacks.add(onPayload);
    this.#callbacks.set(channel, callbacks);
    this.#client ??= this.#connect();
    const client = await this.#client;
    if (!known) await client.query(`LISTEN ${identifier(channel)}`);
    return async () => {
      callbacks.delete(onPayload);
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#renewal) clearTimeout(this.#renewal);
    this.#gate.close();
    const client = await this.#client?.catch(() => null);
    await client?.end();
  }

  async #connect(): Promise<pg.Client> {
    const client = new (gatedClient(this.#gate))({
      connectionString: this.#options.directUrl ?? this.#options.url,
      connectionTimeoutMillis: this.#options.poolTimeout,
      keepAlive: true,
      application_name: `${this.#options.applicationName}:listen`,
    });
    client.on('notification', ({ channel, payload }) => {
      for (const callback of this.#callbacks.get(channel) ?? []) callback(payload ?? '');
    });
    client.on('error', (error) => this.#options.onError(error));
    client.on('end', () => this.#renew());
    try {
      await client.connect();
      for (const channel of this.#callbacks.keys()) await client.query(`LISTEN ${identifier(channel)}`);
      return client;
    } catch (error) {
      // One that listens to some channels only must not stay beside the next one.
      void client.end().catch(() => undefined);
      throw error;
    }
  }

  /** Once, however often it is asked for: a try that fails is told by its error and by the connection's end. */
  #renew(): void {
    if (this.#closed || this.#renewal) return;
    this.#renewal = setTimeout(() => {
      this.#renewal = null;
      this.#client = this.#connect();
      this.#client.catch((error: Error) => {
        // What stands before the gate was told of by it.
        if (!isConnectFailure(error)) this.#options.onError(error);
        this.#renew();
      });
    }, RECONNECT_MS).unref();
  }
}
