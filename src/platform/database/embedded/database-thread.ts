import { Worker } from 'node:worker_threads';
import { WireStream } from './wire-stream.ts';
import type { FromWorker, ToWorker, WorkerSettings } from './worker-messages.ts';

/** Raised for every call, waiting or later, once the thread that holds the database has ended by itself. The folder is
 * sound: what was acknowledged is in it, and opening it again recovers it. */
export class EmbeddedDatabaseStoppedError extends Error {
  constructor(reason: string) {
    super(`The embedded database stopped: ${reason} Start the program again.`);
    this.name = 'EmbeddedDatabaseStoppedError';
  }
}

type Waiting<T> = { resolve(value: T): void; reject(error: Error): void };

/** The thread that holds PGlite, seen from the outside. */
export class DatabaseThread {
  readonly stream: WireStream;
  readonly #worker: Worker;
  readonly #onFatal: (error: Error) => void;
  readonly #opened: Promise<void>;
  #opening: Waiting<void> | null = null;
  #dumps: Waiting<Uint8Array>[] = [];
  #closing: Waiting<void> | null = null;
  #failure: Error | null = null;

  private constructor(settings: WorkerSettings, onFatal: (error: Error) => void) {
    this.#onFatal = onFatal;
    this.#worker = new Worker(new URL('./database-worker.ts', import.meta.url), {
      workerData: settings,
      name: 'embedded-database',
    });
    this.stream = new WireStream((bytes) => this.#post({ kind: 'wire', bytes }, [bytes.buffer]));
    this.#opened = new Promise((resolve, reject) => {
      this.#opening = { resolve, reject };
    });
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (error) => this.#fail(error instanceof Error ? error.message : String(error)));
    this.#worker.on('exit', (code) => this.#exited(code));
  }

  /** Starts the thread and waits until its database answers. `onFatal` is called once if it ends by itself later. */
  static async start(settings: WorkerSettings, onFatal: (error: Error) => void): Promise<DatabaseThread> {
    const thread = new DatabaseThread(settings, onFatal);
    await thread.#opened;
    return thread;
  }

  /** Why the thread ended by itself; null while it runs. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** The whole cluster as a tar.gz, from which a new one can start. */
  async dump(): Promise<Uint8Array> {
    if (this.#failure) throw this.#failure;
    return new Promise((resolve, reject) => {
      this.#dumps.push({ resolve, reject });
      this.#post({ kind: 'dump' });
    });
  }

  /** Closes the database, which writes a last checkpoint, then the thread. */
  async close(): Promise<void> {
    if (this.#failure) return;
    await new Promise<void>((resolve, reject) => {
      this.#closing = { resolve, reject };
      this.#post({ kind: 'close' });
    });
  }

  #post(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #receive(message: FromWorker): void {
    if (message.kind === 'wire') this.stream.receive(message.bytes);
    else if (message.kind === 'dumped') this.#dumps.shift()?.resolve(message.bytes);
    else if (message.kind === 'failed') this.#fail([message.message, ...message.log].join('\n'));
    else if (message.kind === 'ready') this.#ready();
  }

  #ready(): void {
    this.#opening?.resolve();
    this.#opening = null;
  }

  #exited(code: number): void {
    if (this.#closing && !this.#failure) this.#closing.resolve();
    else this.#fail(`its thread ended with code ${code}.`);
  }

  #fail(reason: string): void {
    if (this.#failure) return;
    const failure = new EmbeddedDatabaseStoppedError(reason);
    this.#failure = failure;
    this.stream.destroy(failure);
    for (const waiting of [this.#opening, this.#closing, ...this.#dumps]) waiting?.reject(failure);
    if (!this.#opening) this.#onFatal(failure);
    void this.#worker.terminate();
  }
}
