import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startGitServer, type TestGitServer } from '../../../../test/support/git-server.ts';
import { createGuardedFetch, type GuardedFetch } from '../../../platform/http/guarded-fetch.ts';
import { createOutside } from '../../../platform/resilience/outside.ts';
import { type CodePlace, type FetchOptions, fetchCode } from './fetch-code.ts';

const MEGABYTE = 1024 * 1024;
const limits = {
  mostBytes: 20 * MEGABYTE,
  mostFiles: 100,
  mostFileBytes: MEGABYTE,
  mostTextBytes: MEGABYTE,
  historyCommits: 1,
};

let guarded: GuardedFetch;
let server: TestGitServer;

function fetching(place: CodePlace, more: Partial<FetchOptions> = {}) {
  const signal = new AbortController().signal;
  const fixed = { outside: createOutside(), caller: 'acme', timeout: 30_000, localRoots: [], signal, limits };
  return fetchCode(place, { fetch: guarded.fetch, ...fixed, ...more });
}

const at = (path: string): CodePlace & { kind: 'git' } => ({
  kind: 'git',
  url: `${server.url}/${path}`,
  token: null,
  branch: null,
});

beforeAll(async () => {
  guarded = createGuardedFetch({ allowedHosts: ['127.0.0.1'], maxBytes: limits.mostBytes, totalTimeout: null });
  server = await startGitServer();
  await server.add('code', [{ 'a.txt': 'one\n', 'b.txt': 'two\n' }]);
  await server.add('large', [{ 'a.txt': randomBytes(90_000).toString('hex') }]);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await guarded.close();
});

describe('a git server', { timeout: 60_000 }, () => {
  test('that fails again and again is left alone for a while, for whoever had it fail', async () => {
    const outside = createOutside();
    let asked = 0;
    const fetch = async () => {
      asked += 1;
      return new Response('', { status: 503 });
    };
    const tries = (caller: string) =>
      fetching(at('code.git'), { fetch, outside, caller }).catch((error) => error.message);
    for (let count = 0; count < 5; count++) expect(await tries('acme')).toContain('status 503');
    expect(await tries('acme')).toMatch(/several times in a row, and is asked again in \d+ s/);
    expect(asked).toBe(5);
    expect(await tries('other')).toContain('status 503');
    const elsewhere = { ...at('code.git'), url: at('code.git').url.replace('127.0.0.1', 'git.example.com') };
    expect(await fetching(elsewhere, { fetch, outside }).catch((error) => error.message)).toContain('status 503');
  });

  test('that has no such repository is not held to be broken', async () => {
    const outside = createOutside();
    for (let count = 0; count < 6; count++) {
      await expect(fetching(at('none.git'), { outside })).rejects.toMatchObject({ kind: 'not-found' });
    }
    expect((await fetching(at('code.git'), { outside })).code.files).toHaveLength(2);
  });

  test('is asked for four repositories at once, and others wait', async () => {
    const outside = createOutside();
    const stop = new AbortController();
    const silent = { outside, signal: stop.signal };
    const fetches = Array.from({ length: 25 }, () => fetching(at('silent/code.git'), silent).catch((error) => error));
    expect(await Promise.race(fetches)).toMatchObject({ message: expect.stringContaining('Too many fetches') });
    expect(outside.states()).toMatchObject([{ kind: 'git', active: 4, waiting: 20, circuit: 'closed' }]);
    stop.abort(new Error('enough'));
    await Promise.all(fetches);
  });
});

const mayMount = (() => {
  const target = mkdtempSync(join(tmpdir(), 'parley-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', target], { stdio: 'ignore' });
    execFileSync('umount', [target]);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(target);
  }
})();

describe.runIf(mayMount)('a disk that is full', { timeout: 60_000 }, () => {
  let disk: string;

  beforeAll(async () => {
    disk = await mkdtemp(join(tmpdir(), 'parley-small-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
    vi.stubEnv('TMPDIR', disk);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    execFileSync('umount', [disk]);
    await rm(disk, { recursive: true });
  });

  const refused = { kind: 'no-room', message: expect.stringContaining('no room left for the code') };

  test('of a clone is named, and nothing of it is left', async () => {
    await expect(fetching(at('large.git'))).rejects.toMatchObject(refused);
    expect(await readdir(disk)).toEqual([]);
  });

  test('of an archive is named, and nothing of it is left', async () => {
    const place: CodePlace = {
      kind: 'archive',
      bytes: async function* parts() {
        for (let count = 0; count < 10; count++) yield randomBytes(20_000);
      },
    };
    await expect(fetching(place)).rejects.toMatchObject(refused);
    expect(await readdir(disk)).toEqual([]);
  });
});
