import {
  DEFAULT_LIMITS,
  type ExtractionInput,
  type ExtractionLimits,
  type ExtractionResult,
} from './extracted-document.ts';
import { ReadingProcess } from './process/reading-process.ts';
import { Turns } from './process/turns.ts';

export type TextExtractorOptions = {
  /** Reading processes at a time, each with its own memory limit; 1 unless told. */
  processes?: number;
  limits?: Partial<ExtractionLimits>;
  /** Milliseconds after which an idle process is ended to give its memory back; 30 s unless told. */
  idleMs?: number;
};

export type ExtractOptions = {
  signal?: AbortSignal;
  /** For this file; `memoryBytes` is the processes' and cannot be changed here. */
  limits?: Partial<Omit<ExtractionLimits, 'memoryBytes'>>;
};

export type TextExtractor = {
  /**
   * The text of a file. Whatever the file is, this ends: with a document, or a failure and a sentence for a person.
   * Rejects only with the signal's reason, or when the extractor is closed.
   */
  extractText(input: ExtractionInput, options?: ExtractOptions): Promise<ExtractionResult>;
  /** The reading processes that there are now, for whoever watches their memory. */
  processIds(): readonly number[];
  /** Ends all processes; files being read are rejected. */
  close(): void;
};

/**
 * Reads files in processes of their own, which are started when there is work, reused while they are well, and
 * replaced when a file took one of them down. Files beyond the number of processes wait in order; waiting does not
 * count against their time.
 */
export function createTextExtractor(options: TextExtractorOptions = {}): TextExtractor {
  const { processes = 1, idleMs = 30_000 } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const closing = new AbortController();
  const idle: { process: ReadingProcess; timer: NodeJS.Timeout }[] = [];
  const busy = new Set<ReadingProcess>();
  const turns = new Turns(processes);

  const take = (): ReadingProcess => {
    for (let entry = idle.pop(); entry; entry = idle.pop()) {
      clearTimeout(entry.timer);
      if (entry.process.isAlive) return entry.process;
    }
    return new ReadingProcess(limits);
  };

  const putBack = (process: ReadingProcess): void => {
    if (!process.isAlive || closing.signal.aborted) {
      process.kill();
      return;
    }
    const entry = { process, timer: setTimeout(() => retire(entry), idleMs).unref() };
    idle.push(entry);
  };

  const retire = (entry: (typeof idle)[number]): void => {
    idle.splice(idle.indexOf(entry), 1);
    entry.process.kill();
  };

  const readNow = async (
    input: ExtractionInput,
    options: ExtractOptions,
    signal: AbortSignal,
  ): Promise<ExtractionResult> => {
    const process = take();
    busy.add(process);
    try {
      return await process.read({ input, limits: { ...limits, ...options.limits } }, signal);
    } finally {
      busy.delete(process);
      putBack(process);
    }
  };

  return {
    extractText: async (input, options = {}) => {
      const signal = options.signal ? AbortSignal.any([options.signal, closing.signal]) : closing.signal;
      return await turns.take(signal, () => readNow(input, options, signal));
    },
    processIds: () => [...busy, ...idle.map(({ process }) => process)].flatMap(({ pid }) => pid ?? []),
    close() {
      closing.abort(new Error('The text extractor is closed.'));
      for (const { process, timer } of idle.splice(0)) {
        clearTimeout(timer);
        process.kill();
      }
    },
  };
}
