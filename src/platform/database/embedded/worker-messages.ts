import type { CompiledPostgres } from './compiled-postgres.ts';

/** How the thread that holds the database opens it. */
export type WorkerSettings = {
  /** Folder of the cluster, which exists; null keeps it in memory. */
  clusterFolder: string | null;
  /** For memory: the dump (tar.gz) that the cluster starts from. */
  dump: Uint8Array | null;
  /** One fsync for each commit. */
  durable: boolean;
  sharedBuffersMegabytes: number;
};

/** With PostgreSQL's program, which a process compiles once for all its threads. */
export type WorkerStart = WorkerSettings & { postgres: CompiledPostgres };

/** `wire` carries whole messages of the Postgres protocol; answers come back in order, so that they need no number. */
export type ToWorker = { kind: 'wire'; bytes: Uint8Array<ArrayBuffer> } | { kind: 'dump' } | { kind: 'close' };

export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'wire'; bytes: Uint8Array<ArrayBuffer> }
  | { kind: 'dumped'; bytes: Uint8Array<ArrayBuffer> }
  | { kind: 'failed'; message: string; log: readonly string[] };
