import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AnswerTooLargeError, ForbiddenAddressError } from '../../../platform/http/guarded-fetch.ts';
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
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function fetchGit(place: CodePlace & { kind: 'git' }, file: string, options: FetchOptions): Promise<FetchedCode> {
  const { limits, signal, timeout } = options;
  const late = AbortSignal.timeout(timeout);
  const until = AbortSignal.any([signal, late]);
  try {
    const server = await askServer(options.fetch, place, until);
    const commit = await findCommit(options.fetch, server, place.branch, until);
    const order = { commit, depth: Math.max(1, limits.historyCommits), mostFileBytes: limits.mostFileBytes };
    const shallow = await savePack(fetchPack(options.fetch, server, order, until), file, limits.mostBytes);
    return { code: await unpackInThread({ kind: 'pack', file, commit, shallow, limits }, signal), commit };
  } catch (error) {
    signal.throwIfAborted();
    throw explained(error, late, options);
  }
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

function explained(error: unknown, late: AbortSignal, { timeout, limits }: FetchOptions): unknown {
  if (error instanceof FetchFault) return error;
  if (late.aborted) {
    const seconds = Math.round(timeout / 1000);
    return new FetchFault('timeout', `The git server did not send the repository within ${seconds} s.`);
  }
  const { cause } = error as Error;
  for (const one of [error, cause]) {
    if (one instanceof AnswerTooLargeError) return tooLarge('This repository', limits.mostBytes);
    if (one instanceof ForbiddenAddressError) return new FetchFault('forbidden-address', one.message);
  }
  if (!(error instanceof TypeError)) return error;
  return new FetchFault('unreachable', 'The git server cannot be reached, or ended the connection.', { cause: error });
}
