import type { Dialect } from 'kysely';
import type { SlowStatements } from '../slow-statements.ts';
import { createCluster, emptyClusterDump, findCluster } from './cluster-folder.ts';
import { DataFolderUnusableError, explainFileError } from './data-folder.errors.ts';
import { takeDataFolder } from './data-folder.ts';
import type { DataFolderLock } from './data-folder-lock.ts';
import { DatabaseThread } from './database-thread.ts';
import { EmbeddedConnection, EmbeddedDialect } from './embedded-dialect.ts';
import { EmbeddedSession } from './embedded-session.ts';
import { defaultLimits, Maintenance, type MaintenanceLimits, type MaintenanceTools } from './maintenance.ts';
import { Notifications } from './notifications.ts';
import type { WorkerSettings } from './worker-messages.ts';

export type EmbeddedDatabaseOptions = {
  /** Folder for the database's files, made if absent; null keeps the database in memory. */
  dataDir: string | null;
  /** A new, empty folder (or memory) starts from this dump instead of from nothing. */
  dump?: Uint8Array;
  /** Every commit reaches the disk before it is acknowledged (default true). */
  durable?: boolean;
  /** Postgres' page cache; the operating system caches the files as well (default 16). */
  sharedBuffersMegabytes?: number;
  /** How long `close` waits for a transaction in progress, ms (default 10,000). */
  closeTimeout?: number;
  /** When vacuuming and checkpoints are due; the defaults suit any use but a test. */
  maintenance?: Partial<MaintenanceLimits>;
  /** Called once when the database ends by itself; every call fails from then on. */
  onFatal?(error: Error): void;
  /** Who is told of slow statements (default: nobody). */
  slow?: SlowStatements | null;
  /** Called when maintenance fails; it is tried again later (default: a warning of the process). */
  onError?(error: Error): void;
};

export type EmbeddedDatabase = {
  readonly dialect: Dialect;
  /** Runs one statement with parameters, or a script without, when the connection is free. */
  execute(text: string, parameters?: readonly unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
  /** Calls back for each notification on a channel; resolves when listening, with what ends it. */
  listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>>;
  /** The whole database as a tar.gz, consistent, for `dump` of a later opening. Held in memory: some times its size. */
  dump(): Promise<Uint8Array>;
  /** Vacuums and analyses every table and makes a checkpoint, now. It happens by itself as well, in quiet moments. */
  maintain(): Promise<void>;
  /** Callers that wait for the connection now. */
  waiting(): number;
  /** Waits for what runs, writes a checkpoint and ends the thread. */
  close(): Promise<void>;
};

/** Opens PostgreSQL in this process (PGlite, in a thread of its own) with pgvector installed in schema public.
 * @throws DataFolderLockedError | DataFolderUnusableError */
export async function openEmbeddedDatabase(options: EmbeddedDatabaseOptions): Promise<EmbeddedDatabase> {
  const { dataDir } = options;
  if (dataDir === null) return openInMemory(options);
  const lock = await takeDataFolder(dataDir);
  try {
    return await openInFolder(dataDir, options, lock);
  } catch (error) {
    lock.release();
    throw explainFileError(dataDir, error);
  }
}

async function openInMemory(options: EmbeddedDatabaseOptions): Promise<EmbeddedDatabase> {
  const dump = options.dump ?? (await emptyClusterDump());
  return openCluster({ clusterFolder: null, dump }, options, () => undefined);
}

async function openInFolder(
  dataDir: string,
  options: EmbeddedDatabaseOptions,
  lock: DataFolderLock,
): Promise<EmbeddedDatabase> {
  const found = await findCluster(dataDir);
  if (found !== null && options.dump) throw refuseDump(dataDir);
  const clusterFolder = found ?? (await makeCluster(dataDir, options));
  return openCluster({ clusterFolder, dump: null }, options, () => lock.release());
}

async function makeCluster(dataDir: string, options: EmbeddedDatabaseOptions): Promise<string> {
  const dump = options.dump ?? (await emptyClusterDump());
  try {
    return await createCluster(dataDir, dump, (clusterFolder) => tryOut(clusterFolder, options));
  } catch (error) {
    const explained = explainFileError(dataDir, error);
    throw options.dump && !(explained instanceof DataFolderUnusableError) ? blameDump(dataDir, explained) : explained;
  }
}

/** Opens and closes the new cluster. A dump is that of a running database, so Postgres recovers it, and would sync each of
 * its thousand files twice, one after the other; without `durable` it does not, and the whole is synced at once after. */
async function tryOut(clusterFolder: string, options: EmbeddedDatabaseOptions): Promise<void> {
  const place = { clusterFolder, dump: null };
  const database = await openCluster(place, { ...options, durable: false }, () => undefined);
  await database.close();
}

function blameDump(dataDir: string, cause: Error): DataFolderUnusableError {
  const explanation = `the dump to restore into it is damaged, or of another version: ${cause.message}`;
  return new DataFolderUnusableError(dataDir, 'bad-dump', explanation, cause);
}

function refuseDump(dataDir: string): DataFolderUnusableError {
  const explanation = 'it already holds a database. Restore the dump into another, empty folder.';
  return new DataFolderUnusableError(dataDir, 'not-empty', explanation);
}

async function openCluster(
  place: Pick<WorkerSettings, 'clusterFolder' | 'dump'>,
  options: EmbeddedDatabaseOptions,
  onClosed: () => void,
): Promise<EmbeddedDatabase> {
  const { durable = true, sharedBuffersMegabytes = 16 } = options;
  const settings = { ...place, durable, sharedBuffersMegabytes };
  const thread = await DatabaseThread.start(settings, (error) => options.onFatal?.(error));
  const session = await EmbeddedSession.open(thread, options.slow ?? null);
  await session.run('CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public');
  return embeddedDatabaseOver(thread, session, options, onClosed);
}

function embeddedDatabaseOver(
  thread: DatabaseThread,
  session: EmbeddedSession,
  options: EmbeddedDatabaseOptions,
  onClosed: () => void,
): EmbeddedDatabase {
  const inTurn = <T>(work: (connection: EmbeddedConnection) => Promise<T>) => useConnection(session, work);
  const execute = (text: string, parameters?: readonly unknown[]) =>
    inTurn((connection) => connection.run(text, parameters));
  const notifications = new Notifications(session, async (statement) => void (await execute(statement)));
  const maintenance = new Maintenance(maintenanceTools(thread, session, execute, options), {
    ...defaultLimits,
    ...options.maintenance,
  });
  return {
    dialect: new EmbeddedDialect(session),
    execute,
    listen: (channel, onPayload) => notifications.listen(channel, onPayload),
    dump: () => inTurn((connection) => dumpAfterCheckpoint(thread, connection)),
    maintain: () => maintenance.maintainAll(),
    waiting: () => session.turns.waiting,
    close: async () => {
      maintenance.stop();
      await closeThread(thread, session, options.closeTimeout ?? 10_000).finally(onClosed);
    },
  };
}

/** After a checkpoint the dump needs no replay, and its write-ahead log is short. */
async function dumpAfterCheckpoint(thread: DatabaseThread, connection: EmbeddedConnection): Promise<Uint8Array> {
  await connection.run('CHECKPOINT');
  return thread.dump();
}

async function useConnection<T>(
  session: EmbeddedSession,
  work: (connection: EmbeddedConnection) => Promise<T>,
): Promise<T> {
  const connection = new EmbeddedConnection(session, await session.turns.take());
  try {
    return await work(connection);
  } finally {
    await connection.release();
  }
}

function maintenanceTools(
  thread: DatabaseThread,
  session: EmbeddedSession,
  execute: MaintenanceTools['execute'],
  { onError = (error) => process.emitWarning(error) }: EmbeddedDatabaseOptions,
): MaintenanceTools {
  return {
    execute,
    statements: () => session.statements,
    waiting: () => session.turns.waiting,
    now: () => performance.now(),
    // That the database has ended is told by `onFatal`, or wanted.
    onError: (error) => thread.end ?? onError(error),
  };
}

/** Ending a transaction in progress by force loses only what it had not committed. */
async function closeThread(thread: DatabaseThread, session: EmbeddedSession, patience: number): Promise<void> {
  const turn = session.turns.take();
  const timeout = Promise.withResolvers<void>();
  const timer = setTimeout(timeout.resolve, patience);
  await Promise.race([turn, timeout.promise]).finally(() => clearTimeout(timer));
  await thread.close();
  void turn.then((taken) => taken.end());
}
