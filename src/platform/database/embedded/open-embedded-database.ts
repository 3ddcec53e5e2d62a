import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Dialect } from 'kysely';
import { DatabaseThread } from './database-thread.ts';
import { EmbeddedConnection, EmbeddedDialect } from './embedded-dialect.ts';
import { EmbeddedSession } from './embedded-session.ts';
import { Notifications } from './notifications.ts';

export type EmbeddedDatabaseOptions = {
  /** Folder for the database's files, made if absent; null keeps the database in memory. */
  dataDir: string | null;
  /** A new, empty folder (or memory) starts from this dump instead of from nothing. */
  dump?: Uint8Array;
  /** Every commit reaches the disk before it is acknowledged (default true). */
  durable?: boolean;
  /** Postgres' page cache; the operating system caches the files as well (default 16). */
  sharedBuffersMegabytes?: number;
  /** Called once when the database ends by itself; every call fails from then on. */
  onFatal?(error: Error): void;
};

export type EmbeddedDatabase = {
  readonly dialect: Dialect;
  /** Runs one statement with parameters, or a script without, when the connection is free. */
  execute(text: string, parameters?: readonly unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
  /** Calls back for each notification on a channel; resolves when listening, with what ends it. */
  listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>>;
  /** The whole database as a tar.gz, consistent, for `dump` of a later opening. Held in memory: some times its size. */
  dump(): Promise<Uint8Array>;
  /** Waits for what runs, writes a checkpoint and ends the thread. */
  close(): Promise<void>;
};

/** Opens PostgreSQL in this process (PGlite, in a thread of its own) with pgvector installed in schema public. */
export async function openEmbeddedDatabase(options: EmbeddedDatabaseOptions): Promise<EmbeddedDatabase> {
  const settings = {
    clusterFolder: options.dataDir === null ? null : makeFolder(options.dataDir),
    dump: options.dump ?? null,
    durable: options.durable ?? true,
    sharedBuffersMegabytes: options.sharedBuffersMegabytes ?? 16,
  };
  const thread = await DatabaseThread.start(settings, (error) => options.onFatal?.(error));
  const session = await EmbeddedSession.open(thread);
  await session.run('CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public');
  return embeddedDatabaseOver(thread, session);
}

function makeFolder(dataDir: string): string {
  const folder = join(dataDir, 'postgres');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

function embeddedDatabaseOver(thread: DatabaseThread, session: EmbeddedSession): EmbeddedDatabase {
  const inTurn = async <T>(work: (connection: EmbeddedConnection) => Promise<T>): Promise<T> => {
    const connection = new EmbeddedConnection(session, await session.turns.take());
    try {
      return await work(connection);
    } finally {
      await connection.release();
    }
  };
  const execute = (text: string, parameters?: readonly unknown[]) =>
    inTurn((connection) => connection.run(text, parameters));
  const notifications = new Notifications(session, async (statement) => void (await execute(statement)));
  return {
    dialect: new EmbeddedDialect(session),
    execute,
    listen: (channel, onPayload) => notifications.listen(channel, onPayload),
    dump: () => inTurn(() => thread.dump()),
    close: async () => {
      const turn = await session.turns.take();
      await thread.close();
      turn.end();
    },
  };
}
