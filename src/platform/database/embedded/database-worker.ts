import { parentPort, workerData } from 'node:worker_threads';
import { MemoryFS, PGlite, type PGliteOptions } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { DurableNodeFs } from './durable-node-fs.ts';
import { joinBytes } from './wire-stream.ts';
import type { FromWorker, ToWorker, WorkerSettings, WorkerStart } from './worker-messages.ts';

/** The thread that holds PGlite: a query blocks its thread's event loop until it ends. */

const LOG_LINES_KEPT = 20;
/** Answers are handed over in pieces of about this size, so that a large one is not held twice. */
const PIECE_BYTES = 256 * 1024;

const settings = workerData as WorkerStart;
const log: string[] = [];

function post(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

function keepLog(line: string): boolean {
  log.push(line);
  if (log.length > LOG_LINES_KEPT) log.shift();
  return false;
}

/** PGlite's own start parameters without `-F`, which turns fsync off, and with its memory held small. */
function startParameters({ durable, sharedBuffersMegabytes }: WorkerSettings): string[] {
  const values = {
    search_path: 'public',
    exit_on_error: 'false',
    // An error's row and statement are its caller's to see; what ends the database is kept for `failed`.
    log_min_messages: 'fatal',
    log_min_error_statement: 'panic',
    log_checkpoints: 'false',
    max_worker_processes: '0',
    max_parallel_workers: '0',
    max_parallel_workers_per_gather: '0',
    max_parallel_maintenance_workers: '0',
    io_method: 'sync',
    shared_buffers: `${sharedBuffersMegabytes}MB`,
    max_wal_size: '64MB',
    min_wal_size: '32MB',
    fsync: durable ? 'on' : 'off',
    // The only method that reaches PGlite's file system: its fdatasync does nothing.
    wal_sync_method: 'fsync',
  };
  return ['--single', '-O', '-j', ...Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/** Gives PGlite the bytes that this thread holds. A Blob of them is read in pieces and put together again: a third of the
 * processor time of opening a dump of 40 MB. */
class HeldDump extends Blob {
  readonly #bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    super([]);
    this.#bytes = bytes;
  }
  override async arrayBuffer(): Promise<ArrayBuffer> {
    const { buffer, byteOffset, byteLength } = this.#bytes as Uint8Array<ArrayBuffer>;
    return byteLength === buffer.byteLength ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
  }
}

function open(): Promise<PGlite> {
  const { clusterFolder, dump } = settings;
  const options: PGliteOptions = {
    fs: clusterFolder === null ? new MemoryFS() : new DurableNodeFs(clusterFolder),
    pgliteWasmModule: settings.postgres,
    extensions: { vector },
    startParams: startParameters(settings),
    onStderr: keepLog,
  };
  if (dump !== null) options.loadDataDir = new HeldDump(dump);
  return PGlite.create(options);
}

async function answer(database: PGlite, message: Uint8Array): Promise<void> {
  let pieces: Uint8Array[] = [];
  let size = 0;
  const flush = () => {
    const bytes = joinBytes(pieces);
    post({ kind: 'wire', bytes }, [bytes.buffer]);
    pieces = [];
    size = 0;
  };
  const onRawData = (view: Uint8Array) => {
    // A view into WebAssembly memory, valid during this call only.
    pieces.push(view.slice());
    size += view.length;
    if (size >= PIECE_BYTES) flush();
  };
  await database.execProtocolRawStream(message, { syncToFs: false, onRawData });
  if (size > 0) flush();
}

async function dumpCluster(database: PGlite): Promise<void> {
  const file = await database.dumpDataDir('gzip');
  const bytes = new Uint8Array(await file.arrayBuffer());
  post({ kind: 'dumped', bytes }, [bytes.buffer]);
}

async function handle(database: PGlite, message: ToWorker): Promise<void> {
  if (message.kind === 'wire') return answer(database, message.bytes);
  if (message.kind === 'dump') return dumpCluster(database);
  await database.close();
  parentPort?.close();
}

function fail(error: unknown): void {
  // WebAssembly's exit status has a message without being an Error.
  const { message = String(error) } = (error ?? {}) as { message?: string };
  post({ kind: 'failed', message, log });
  parentPort?.close();
}

try {
  const database = await open();
  let last: Promise<void> = Promise.resolve();
  parentPort?.on('message', (message: ToWorker) => {
    last = last.then(() => handle(database, message)).catch(fail);
  });
  post({ kind: 'ready' });
} catch (error) {
  fail(error);
}
