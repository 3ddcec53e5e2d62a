import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExtractionLimits, ExtractionResult } from '../extracted-document.ts';
import { type ProcessMessage, type ReadRequest, unpackReply } from './messages.ts';

const ENTRY = fileURLToPath(new URL('./main.ts', import.meta.url));
const SOURCE_ROOT = resolve(fileURLToPath(new URL('../../../..', import.meta.url)));
const PARSERS = ['htmlparser2', 'pdfjs-dist', 'postal-mime'];
const MEGABYTE = 1024 ** 2;
/** The heap gets this share of the memory; what is left is for buffers, which the guard counts too. */
const HEAP_SHARE = 0.75;
const LONGEST_COMPLAINT = 1_000;
/** A process that holds more than this share of its memory after a file would leave too little for the next. */
const FIT_SHARE = 0.4;

/**
 * One process that reads files one after the other. A process, not a thread: running out of memory can end a thread's
 * whole process, and only a process can be stopped for sure.
 */
export class ReadingProcess {
  readonly #child: ChildProcess;
  #isAlive = true;
  #isReady = false;
  #complaint = '';

  constructor(limits: ExtractionLimits) {
    this.#child = fork(ENTRY, {
      execArgv: processFlags(limits),
      env: {},
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#keepFirstWords(text));
    this.#child.once('message', () => {
      this.#isReady = true;
    });
    this.#child.on('exit', () => {
      this.#isAlive = false;
    });
    // Errors of sending end in an exit; without a listener they would end us.
    this.#child.on('error', () => this.kill());
    this.#setReferenced(false);
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Ends with a result in any case: of the reading, of the clock, of the guard, or of the caller's signal. */
  async read(request: ReadRequest, signal?: AbortSignal): Promise<ExtractionResult> {
    signal?.throwIfAborted();
    const { promise, resolve: settle, reject } = Promise.withResolvers<ExtractionResult>();
    let isFit = false;
    const onMessage = (message: ProcessMessage): void => {
      if (message.kind !== 'reply') return;
      isFit = message.residentBytes < request.limits.memoryBytes * FIT_SHARE;
      settle(unpackReply(message.reply));
    };
    const onExit = (code: number | null, exitSignal: NodeJS.Signals | null): void => {
      if (this.#isReady) settle(crash(code, exitSignal));
      else
        reject(
          new Error(
            `The reading process could not start: it ended with ${exitSignal ?? code}. ${this.#complaint}`.trim(),
          ),
        );
    };
    const onAbort = (): void => reject(signal?.reason);
    const timer = setTimeout(() => settle(timeout(request.limits.timeoutMs)), request.limits.timeoutMs);
    this.#child.on('message', onMessage).once('exit', onExit);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#setReferenced(true);
    try {
      this.#child.send(request);
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      this.#child.off('message', onMessage).off('exit', onExit);
      this.#setReferenced(false);
      if (!isFit) this.kill();
    }
  }

  kill(): void {
    this.#isAlive = false;
    this.#child.kill('SIGKILL');
  }

  /** What it writes before it is ready tells the operator why it does not start; later, parsers only grumble. */
  #keepFirstWords(text: string): void {
    if (!this.#isReady) this.#complaint = `${this.#complaint}${text}`.slice(0, LONGEST_COMPLAINT);
  }

  /** An idle reading process must not keep the program from ending. */
  #setReferenced(isReferenced: boolean): void {
    if (isReferenced) {
      this.#child.ref();
      this.#child.channel?.ref();
    } else {
      this.#child.unref();
      this.#child.channel?.unref();
    }
  }
}

/** Neither writing nor starting programs nor native code; reading only the program's own files. */
function processFlags({ memoryBytes }: ExtractionLimits): string[] {
  return [
    '--permission',
    '--allow-worker',
    ...[...readableFolders()].flatMap((folder) => [`--allow-fs-read=${folder}`, `--allow-fs-read=${folder}${sep}*`]),
    '--no-addons',
    '--disallow-code-generation-from-strings',
    '--disable-warning=SecurityWarning',
    `--max-old-space-size=${Math.floor((memoryBytes * HEAP_SHARE) / MEGABYTE)}`,
  ];
}

/**
 * Our source, and each node_modules from there upwards, as it is called and as it is: where one is a symbolic link
 * (pnpm, a linked checkout, a layer of a container), Node asks for both.
 */
function readableFolders(): Set<string> {
  const folders = [SOURCE_ROOT];
  for (let folder = SOURCE_ROOT; dirname(folder) !== folder; folder = dirname(folder)) {
    folders.push(join(dirname(folder), 'node_modules'));
  }
  // Links inside (pnpm's store) may lead elsewhere: the parsers' own folders say where.
  const linked = PARSERS.map((name) => realpathSync(fileURLToPath(import.meta.resolve(name))));
  const existing = folders.filter((folder) => existsSync(folder));
  return new Set([...existing, ...existing.map((folder) => realpathSync(folder)), ...linked.map(packageRoot)]);
}

/** The outermost node_modules of a package's folder, so that what the package needs itself is readable too. */
function packageRoot(folder: string): string {
  const marker = `${sep}node_modules`;
  const index = folder.indexOf(`${marker}${sep}`);
  return index < 0 ? folder : folder.slice(0, index + marker.length);
}

function timeout(timeoutMs: number): ExtractionResult {
  const detail = `This file took longer than ${Math.max(1, Math.round(timeoutMs / 1_000))} seconds to read and was given up. Split it, or save it anew in a simpler form, and upload that.`;
  return { ok: false, failure: 'timeout', detail };
}

/** SIGKILL comes from the guard or the system's own; SIGABRT, or 134, from V8 at the end of its heap. */
function crash(code: number | null, signal: NodeJS.Signals | null): ExtractionResult {
  if (signal === 'SIGKILL' || signal === 'SIGABRT' || signal === 'SIGTRAP' || code === 134) {
    const detail = 'This file needs more memory to read than one document may have. Split it and upload the parts.';
    return { ok: false, failure: 'out-of-memory', detail };
  }
  const detail =
    'Reading this file ended unexpectedly; it is probably damaged. Save it anew in the program that made it and upload that copy.';
  return { ok: false, failure: 'damaged', detail };
}
