import { Worker } from 'node:worker_threads';
import { type CompiledPostgres, compiledPostgres } from './compiled-postgres.ts';
import { WireStream } from './wire-stream.ts';
import type { FromWorker, ToWorker, WorkerSettings, WorkerStart } from './worker-messages.ts';

/** Raised for every call, waiting or later, once the thread that holds the database has ended by itself. What was
 * acknowledged is in the data folder; opening it again recovers it. */
export class EmbeddedDatabaseStoppedError extends Error {
  constructor(reason: string) {
    super(`The embedded database stopped: ${reason}`);
    this.name = 'EmbeddedDatabaseStoppedError';
  }
}

/** Raised for a call after `close`. */
export class EmbeddedDatabaseClosedError extends Error {
  constructor() {
    super('The embedded database is closed.');
    this.name = 'EmbeddedDatabaseClosedError';
  }
}

/** The thread that holds PGlite, seen from the outside. */
export class DatabaseThread {
  readonly stream: WireStream;
  readonly #worker: Worker;
  readonly #onFatal: (error: Error) => void;
  readonly #opening = Promise.withResolvers<void>();
  readonly #closing = Promise.withResolvers<void>();
  #dumps: PromiseWithResolvers<Uint8Array>[] = [];
  #state: 'opening' | 'open' | 'closing' | 'ended' = 'opening';
  #end: Error | null = null;

  private constructor(settings: WorkerSettings, postgres: CompiledPostgres, onFatal: (error: Error) => void) {
    this.#onFatal = onFatal;
    this.#worker = new Worker(new URL('./database-worker.ts', import.meta.url), {
      workerData: { ...settings, postgres } satisfies WorkerStart,
      name: 'embedded-database',
    });
    this.stream = new WireStream((bytes) => this.#post({ kind: 'wire', bytes }, [bytes.buffer]));
    // What its destruction means is told to each caller and to `onFatal`; unheard, the event would end the process.
    this.stream.on('error', () => undefined);
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (error) => this.fail(error instanceof Error ? error.message : String(error)));
    this.#worker.on('exit', (code) => this.#exited(code));
  }

  /** Starts the thread and waits until its database answers. `onFatal` is called once if it ends by itself later. */
  static async start(settings: WorkerSettings, onFatal: (error: Error) => void): Promise<DatabaseThread> {
    const thread = new DatabaseThread(settings, await compiledPostgres(), onFatal);
    await thread.#opening.promise;
    return thread;
  }

  /** Why no call can succeed any more; null while the thread runs. */
  get end(): Error | null {
    return this.#end;
  }

  /** The whole cluster as a tar.gz, from which a new one can start. */
  async dump(): Promise<Uint8Array> {
    if (this.#end) throw this.#end;
    const dump = Promise.withResolvers<Uint8Array>();
    this.#dumps.push(dump);
    this.#post({ kind: 'dump' });
    return dump.promise;
  }

  /** Closes the database, which writes a last checkpoint, then the thread. */
  async close(): Promise<void> {
    if (this.#state === 'open') {
      this.#state = 'closing';
      this.#post({ kind: 'close' });
    }
    if (this.#state === 'closing') await this.#closing.promise;
  }

  #post(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #receive(message: FromWorker): void {
    if (message.kind === 'wire') this.stream.receive(message.bytes);
    else if (message.kind === 'dumped') this.#dumps.shift()?.resolve(message.bytes);
    else if (message.kind === 'failed') this.fail([message.message, ...message.log].join('\n'));
    else this.#opened();
  }

  #opened(): void {
    this.#state = 'open';
    this.#opening.resolve();
  }

  #exited(code: number): void {
    if (this.#state === 'closing') {
      this.#finish(new EmbeddedDatabaseClosedError());
      this.#closing.resolve();
    } else this.fail(`its thread ended with code ${code}.`);
  }

  /** Gives the thread up: it said something that leaves it unfit for more. */
  fail(reason: string): void {
    if (this.#state === 'ended') return;
    const failure = new EmbeddedDatabaseStoppedError(reason);
    const wasOpening = this.#state === 'opening';
    const wasClosing = this.#state === 'closing';
    this.#finish(failure);
    void this.#worker.terminate();
    if (wasOpening) this.#opening.reject(failure);
    else if (wasClosing) this.#closing.reject(failure);
    else this.#onFatal(failure);
  }

  #finish(end: Error): void {
    this.#state = 'ended';
    this.#end = end;
    this.stream.destroy(end);
    for (const dump of this.#dumps) dump.reject(end);
    this.#dumps = [];
  }
}
