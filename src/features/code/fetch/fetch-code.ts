import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AnswerTooLargeError, ForbiddenAddressError } from '../../../platform/http/guarded-fetch.ts';
import { BulkheadFull } from '../../../platform/resilience/bulkhead.ts';
import { CircuitOpen } from '../../../platform/resilience/circuit-breaker.ts';
import { type Outside, type OutsideService, OutsideTimeout } from '../../../platform/resilience/outside.ts';
import { makeScratchFolder } from '../../../platform/storage/scratch-folder.ts';
import type { CodeBase } from '../analysis.ts';
import { FetchFault, tooLarge } from './fetch-fault.ts';
import type { FetchLimits } from './fetch-limits.ts';
import { askServer, fetchPack, findCommit, type GitAddress, type GitFetch } from './git/git-server.ts';
import { allowedFolder } from './local-folder.ts';
import { unpackInThread } from './unpack-in-thread.ts';

/** Where the code of a repository is. */
export type CodePlace =
  | ({ kind: 'git'; branch: string | null } & GitAddress)
  | { kind: 'archive'; bytes(signal: AbortSignal): AsyncIterable<Uint8Array> }
  | { kind: 'local'; path: string };

export type FetchOptions = {
  /** For git addresses: with the guard for addresses that users give, and `mostBytes` as its own limit. */
  fetch: GitFetch;
  limits: FetchLimits;
  /** What keeps a git server that fails from being asked again and again. */
  outside: Pick<Outside, 'call'>;
  /** Whose fetch it is: what one has a git server fail of is not held against others. */
  caller: string;
  /** For all that comes over the network, ms. */
  timeout: number;
  /** Folders in which local paths may be. */
  localRoots: readonly string[];
  signal: AbortSignal;
};

/** A code base, and the commit that it is of, where there is one. */
export type FetchedCode = { code: CodeBase; commit: string | null };

/** Fetches and unpacks the code of a repository, within its limits. @throws FetchFault; the signal's reason */
export async function fetchCode(place: CodePlace, options: FetchOptions): Promise<FetchedCode> {
  const { limits, signal } = options;
  if (place.kind === 'local') {
    const folder = await allowedFolder(place.path, options.localRoots);
    return { code: await unpackInThread({ kind: 'folder', folder, limits }, signal), commit: null };
  }
  const scratch = await makeScratchFolder();
  try {
    const file = join(scratch, 'code');
    if (place.kind === 'git') return await fetchGit(place, file, options);
    await pipeline(Readable.from(place.bytes(signal)), createWriteStream(file), { signal });
    return { code: await unpackInThread({ kind: 'archive', file, limits }, signal), commit: null };
  } catch (error) {
    throw isFull(error) ? noRoom(error) : error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function fetchGit(place: CodePlace & { kind: 'git' }, file: string, options: FetchOptions): Promise<FetchedCode> {
  const { fetch, limits, signal, outside } = options;
  try {
    const { commit, shallow } = await outside.call(
      serviceOf(place, options),
      async (until) => {
        const server = await askServer(fetch, place, until);
        const commit = await findCommit(fetch, server, place.branch, until);
        const order = { commit, depth: Math.max(1, limits.historyCommits), mostFileBytes: limits.mostFileBytes };
        return { commit, shallow: await savePack(fetchPack(fetch, server, order, until), file, limits.mostBytes) };
      },
      signal,
    );
    return { code: await unpackInThread({ kind: 'pack', file, commit, shallow, limits }, signal), commit };
  } catch (error) {
    signal.throwIfAborted();
    throw explained(error, options);
  }
}

/** Fetches from one server at once, and behind them: each holds a connection and, on this side, disk. */
const MOST_AT_ONCE = 4;
const MOST_WAITING = 20;

/** A server that says what is wrong with a repository works. */
function serviceOf({ url }: GitAddress, { caller, timeout }: FetchOptions): OutsideService {
  const isFault = (error: unknown) =>
    (error instanceof FetchFault && error.kind === 'unreachable') || (error instanceof TypeError && !ownFault(error));
  const name = `git:${caller}:${new URL(url).host}`;
  return { name, kind: 'git', timeout, most: MOST_AT_ONCE, mostWaiting: MOST_WAITING, isFault };
}

/** Returns what the pack's generator does. */
async function savePack(pack: AsyncGenerator<Buffer, string[]>, file: string, mostBytes: number): Promise<string[]> {
  let shallow: string[] = [];
  async function* counted(): AsyncGenerator<Buffer> {
    let bytes = 0;
    try {
      for (let next = await pack.next(); ; next = await pack.next()) {
        if (next.done) {
          shallow = next.value;
          return;
        }
        bytes += next.value.length;
        if (bytes > mostBytes) throw tooLarge('This repository', mostBytes);
        yield next.value;
      }
    } finally {
      await pack.return([]);
    }
  }
  await pipeline(counted, createWriteStream(file));
  return shallow;
}

function explained(error: unknown, { timeout, limits }: FetchOptions): unknown {
  if (error instanceof FetchFault) return error;
  if (error instanceof OutsideTimeout) {
    return new FetchFault('timeout', `The git server did not send the repository within ${secondsOf(timeout)} s.`);
  }
  if (error instanceof CircuitOpen) {
    const wait = `is asked again in ${secondsOf(error.retryAfter)} s`;
    return new FetchFault('unreachable', `The git server could not be reached several times in a row, and ${wait}.`);
  }
  if (error instanceof BulkheadFull) {
    return new FetchFault('unreachable', 'Too many fetches from this git server wait already. Try again later.');
  }
  const own = ownFault(error);
  if (own instanceof AnswerTooLargeError) return tooLarge('This repository', limits.mostBytes);
  if (own instanceof ForbiddenAddressError) return new FetchFault('forbidden-address', own.message);
  if (!(error instanceof TypeError)) return error;
  return new FetchFault('unreachable', 'The git server cannot be reached, or ended the connection.', { cause: error });
}

function isFull(error: unknown): boolean {
  return /^(?:ENOSPC|EDQUOT)$/.test(String((error as NodeJS.ErrnoException).code));
}

function noRoom(cause: unknown): FetchFault {
  const message = 'There is no room left for the code on the disk of temporary files. Tell the operator.';
  return new FetchFault('no-room', message, { cause });
}

function secondsOf(milliseconds: number): number {
  return Math.max(1, Math.round(milliseconds / 1000));
}

/** What our own guard ended a request for. */
function ownFault(error: unknown): AnswerTooLargeError | ForbiddenAddressError | undefined {
  return [error, (error as Error).cause].find(
    (one) => one instanceof AnswerTooLargeError || one instanceof ForbiddenAddressError,
  );
}
