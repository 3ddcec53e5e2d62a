/**
 * The reading process: takes a file, answers with its text, takes the next. It is started without rights to write,
 * to start programs or to see the environment (see reading-process.ts), and is killed when it takes too long.
 */
import { Worker } from 'node:worker_threads';
import { ExtractionError } from '../extraction-error.ts';
import { readDocument } from '../read-document.ts';
import { type ProcessMessage, packReply, type ReadReply, type ReadRequest } from './messages.ts';

async function answer({ input, limits }: ReadRequest): Promise<ReadReply> {
  try {
    return packReply(await readDocument(input, limits));
  } catch (error) {
    return failureOf(error);
  }
}

function failureOf(error: unknown): ReadReply {
  if (error instanceof ExtractionError) return { ok: false, failure: error.failure, detail: error.message };
  if (isAllocationFailure(error)) {
    const detail = 'This file needs more memory to read than one document may have. Split it and upload the parts.';
    return { ok: false, failure: 'out-of-memory', detail };
  }
  const detail =
    'This file is damaged, or of a kind that its type does not allow. Save it anew in the program that made it and upload that copy.';
  return { ok: false, failure: 'damaged', detail };
}

/** Node and V8 say it in several ways; none is a memory exhaustion of the heap, which ends the process. */
function isAllocationFailure(error: unknown): boolean {
  return error instanceof RangeError && /allocation|invalid string length|buffer length/i.test(error.message);
}

/** Asks each moment how much memory there is, from a thread of its own: this one may be deep in a loop. */
function startGuard({ memoryBytes }: ReadRequest['limits']): void {
  const guard = new Worker(new URL('./memory-guard.ts', import.meta.url), {
    workerData: { memoryBytes, parent: process.ppid },
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 },
    stderr: true,
    stdout: true,
  });
  guard.unref();
}

function send(message: ProcessMessage): void {
  process.send?.(message);
}

let isGuarded = false;

process.on('message', (request: ReadRequest) => {
  if (!isGuarded) startGuard(request.limits);
  isGuarded = true;
  void answer(request).then((reply) => send({ kind: 'reply', reply, residentBytes: process.memoryUsage.rss() }));
});
process.on('disconnect', () => process.exit());
// A promise that a library forgets must not end the process between two files.
process.on('unhandledRejection', () => undefined);
send({ kind: 'ready' });
