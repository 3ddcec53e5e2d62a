import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { bomb, buildZip } from '../../../../test/support/build-zip.ts';
import { startGitServer, type TestGitServer } from '../../../../test/support/git-server.ts';
import { createGuardedFetch, type GuardedFetch } from '../../../platform/http/guarded-fetch.ts';
import { createOutside } from '../../../platform/resilience/outside.ts';
import { readTar } from './archive/tar.ts';
import { type CodePlace, type FetchOptions, fetchCode } from './fetch-code.ts';
import type { FetchLimits } from './fetch-limits.ts';
import { readHistory } from './git/history.ts';
import { type GitObject, type Pack, readPack } from './git/pack.ts';

const MEGABYTE = 1024 * 1024;
const LIMITS: FetchLimits = {
  mostBytes: 20 * MEGABYTE,
  mostFiles: 1_000,
  mostFileBytes: 100_000,
  mostTextBytes: MEGABYTE,
  historyCommits: 10,
};

let guarded: GuardedFetch;

function fetching(
  place: CodePlace,
  { limits = {}, ...more }: Partial<Omit<FetchOptions, 'limits'>> & { limits?: Partial<FetchLimits> } = {},
) {
  const signal = new AbortController().signal;
  const fixed = {
    fetch: guarded.fetch,
    outside: createOutside(),
    caller: 'acme',
    timeout: 30_000,
    localRoots: [],
    signal,
  };
  return fetchCode(place, { ...fixed, ...more, limits: { ...LIMITS, ...limits } });
}

beforeAll(() => {
  guarded = createGuardedFetch({ allowedHosts: ['127.0.0.1'], maxBytes: LIMITS.mostBytes, totalTimeout: null });
});
afterAll(() => guarded.close());

describe('a git address', { timeout: 120_000 }, () => {
  let server: TestGitServer;
  const at = (path: string, token: string | null = null, branch: string | null = null): CodePlace => ({
    kind: 'git',
    url: `${server.url}/${path}`,
    token,
    branch,
  });
  const longText = Array.from({ length: 400 }, (_, line) => `line ${line} of a file that is long enough for a delta\n`);

  beforeAll(async () => {
    server = await startGitServer();
    await server.add('code', [
      { 'a.txt': 'one\ntwo\n', 'src/long.js': longText.join(''), 'node_modules/x/index.js': 'no' },
      { 'a.txt': 'one\nzwei\n', 'src/long.js': `${longText.join('')}the end\n`, 'picture.png': 'PNG\0\0' },
      { 'a.txt': null, 'src/b.ts': 'export {};\n', 'large.txt': 'x'.repeat(200_000) },
    ]);
    await server.git('code', 'tag', '--annotate', 'v1', 'HEAD~1', '--message', 'one');
    await server.git('code', 'branch', 'old', 'HEAD~2');
    await server.add('empty', []);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('gives its files, what was left out and its history', async () => {
    const { code, commit } = await fetching(at('code.git'));
    expect(commit).toBe((await server.git('code', 'rev-parse', 'HEAD')).trim());
    expect(code.files.map(({ path }) => path)).toEqual(['src/b.ts', 'src/long.js']);
    expect(code.files[1]?.text).toBe(`${longText.join('')}the end\n`);
    expect(code.skipped).toEqual([
      { path: 'large.txt', reason: 'too_large' },
      { path: 'node_modules/', reason: 'ignored' },
      { path: 'picture.png', reason: 'binary' },
    ]);
    const [newest, middle, first] = code.history ?? [];
    expect(newest?.files.map((file) => ({ ...file }))).toContainEqual({ path: 'a.txt', added: 0, removed: 2 });
    expect(middle?.files).toContainEqual({ path: 'a.txt', added: 1, removed: 1 });
    expect(middle?.files).toContainEqual({ path: 'src/long.js', added: 1, removed: 0 });
    expect(first?.files).toContainEqual({ path: 'src/long.js', added: 400, removed: 0 });
    expect(newest?.at).toBe('2026-01-03T00:00:00.000Z');
    expect(JSON.stringify(code.history)).not.toMatch(/ada/i);
  });

  test('gives the same again, byte for byte, and by the old protocol, too', async () => {
    const texts = [];
    for (const path of ['code.git', 'code.git', 'old/code.git']) texts.push(JSON.stringify(await fetching(at(path))));
    expect(new Set(texts).size).toBe(1);
  });

  test('takes a branch or a tag, and says where there is none', async () => {
    const old = await fetching(at('code.git', null, 'old'));
    expect(old.code.files.map(({ path }) => path)).toEqual(['a.txt', 'src/long.js']);
    const tagged = await fetching(at('code.git', null, 'v1'));
    expect(tagged.code.files[0]?.text).toBe('one\nzwei\n');
    await expect(fetching(at('code.git', null, 'none'))).rejects.toMatchObject({ kind: 'no-branch' });
    await expect(fetching(at('empty.git'))).rejects.toMatchObject({ kind: 'empty' });
  });

  test('fetches as much history as is wanted', async () => {
    const { code } = await fetching(at('code.git'), { limits: { historyCommits: 2 } });
    expect(code.history?.map(({ files }) => files.length > 0)).toEqual([true, false]);
    expect((await fetching(at('code.git'), { limits: { historyCommits: 0 } })).code.history).toBeNull();
  });

  test('is given the token that it asks for, and names a wrong one as the cause', async () => {
    await expect(fetching(at('private/code.git'))).rejects.toThrow('asks for an access token');
    await expect(fetching(at('private/code.git', 'a-wrong-token'))).rejects.toThrow('does not take the access token');
    expect((await fetching(at('private/code.git', server.token))).code.files).toHaveLength(2);
    expect(server.requests.every(({ url }) => !url.includes('token'))).toBe(true);
  });

  test('may have moved', async () => {
    expect((await fetching(at('moved/code.git'))).code.files).toHaveLength(2);
  });

  test.each([
    ['redirects to an inner address', 'inner/code.git', 'forbidden-address'],
    ['is none', 'none.git', 'not-found'],
  ])('that %s is refused', async (_, path, kind) => {
    await expect(fetching(at(path))).rejects.toMatchObject({ kind });
  });

  test.each(['http://127.0.0.1/code.git', 'http://localhost/code.git', 'http://[::1]/code.git', 'http://10.0.0.1/'])(
    'of an inner network, as %s, is not called',
    async (url) => {
      const strict = createGuardedFetch();
      const place = { kind: 'git', url, token: null, branch: null } as const;
      await expect(fetching(place, { fetch: strict.fetch })).rejects.toMatchObject({ kind: 'forbidden-address' });
      await strict.close();
    },
  );

  test('that is no repository says so', async () => {
    const fetch = async () => new Response('<html>', { headers: { 'content-type': 'text/html' } });
    await expect(fetching(at('code.git'), { fetch })).rejects.toMatchObject({ kind: 'no-git' });
  });

  test('that never answers is given up', async () => {
    const late = fetching(at('silent/code.git'), { timeout: 200 });
    await expect(late).rejects.toMatchObject({ kind: 'timeout' });
    const stop = new AbortController();
    const stopped = fetching(at('silent/code.git'), { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(stopped).rejects.toThrow('enough');
  });

  test('with more than is taken is refused while it comes', async () => {
    await expect(fetching(at('code.git'), { limits: { mostBytes: 500 } })).rejects.toMatchObject({ kind: 'too-large' });
  });

  const answer = (...texts: string[]) =>
    `${texts.map((text) => (text.length + 4).toString(16).padStart(4, '0') + text).join('')}0000`;
  const ID = 'a'.repeat(40);
  const refs = answer(`${ID} HEAD\n`);
  const manyTimes = (line: string) => answer(line).slice(0, -'0000'.length).repeat(200_001);
  const pack = answer('packfile\n', '\u0001PACKnonsense');
  const answering =
    (...answers: (string | (() => Promise<string>))[]) =>
    async (url: string) => {
      const headers = { 'content-type': 'application/x-git-upload-pack-advertisement' };
      if (url.includes('info/refs')) return new Response(answer('version 2\n', 'fetch=shallow\n'), { headers });
      const next = answers.shift();
      return new Response(typeof next === 'function' ? await next() : next);
    };

  test.each([
    ['what is no pack', [refs, pack], 'What the git server sent is damaged'],
    ['a shallow commit without an id', [refs, answer('shallow x\n')], 'The answer of the git server is damaged'],
    ['too many shallow commits', [refs, manyTimes(`shallow ${ID}\n`)], 'lists more commits'],
    ['too many branches', [manyTimes(`${ID} x\n`)], 'lists more branches'],
  ])('that sends %s is refused', async (_, answers, message) => {
    await expect(fetching(at('code.git'), { fetch: answering(...answers) })).rejects.toThrow(message);
  });

  test('that refuses with a long reason is quoted in whole characters', async () => {
    const fetch = answering(refs, answer(`ERR ${'x'.repeat(199)}MARK`).replace('MARK', '\u{1f600}'));
    const fault = await fetching(at('code.git'), { fetch }).catch((error: Error) => error);
    expect(fault).toMatchObject({ message: expect.stringMatching(/refused: x+\ufffd$/) });
  });

  test('whose pack cannot be written fails alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-no-room-'));
    vi.stubEnv('TMPDIR', folder);
    try {
      const fetch = answering(async () => {
        for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
        return refs;
      }, pack);
      await expect(fetching(at('code.git'), { fetch })).rejects.toMatchObject({ code: 'ENOENT' });
    } finally {
      vi.unstubAllEnvs();
      await rm(folder, { recursive: true });
    }
  });
});

describe('an archive', { timeout: 120_000 }, () => {
  const archive = (bytes: Uint8Array): CodePlace => ({
    kind: 'archive',
    bytes: async function* one() {
      yield bytes;
    },
  });

  test('gives its files without the folder around them', async () => {
    const zip = buildZip({ 'code-main/src/a.ts': 'a', 'code-main/b.md': 'b', 'code-main/x.bin': 'x\0' });
    const { code, commit } = await fetching(archive(zip));
    expect(commit).toBeNull();
    expect(code).toMatchObject({ history: null, skipped: [{ path: 'x.bin', reason: 'binary' }] });
    expect(code.files.map(({ path, text }) => [path, text])).toEqual([
      ['b.md', 'b'],
      ['src/a.ts', 'a'],
    ]);
  });

  test('leads nowhere by the names in it', async () => {
    const zip = buildZip({ '../../etc/passwd': 'x', 'a/../../b': 'x', 'good.txt': 'x', 'e\u0001vil': 'x' });
    const { code } = await fetching(archive(zip));
    expect(code.files.map(({ path }) => path)).toEqual(['good.txt']);
    expect(code.skipped.every(({ reason }) => reason === 'ignored')).toBe(true);
  });

  test('may be a tar.gz, whose links are passed over', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-tar-'));
    const deep = `code/${'folder/'.repeat(20)}`;
    await mkdir(join(folder, deep), { recursive: true });
    await writeFile(join(folder, deep, 'long-path.txt'), 'deep');
    await writeFile(join(folder, 'code/a.txt'), 'a');
    await symlink('/etc/passwd', join(folder, 'code/link'));
    for (const format of ['gnu', 'pax', 'ustar']) {
      const bytes = execFileSync('tar', ['--create', '--gzip', `--format=${format}`, '--directory', folder, 'code']);
      const { code } = await fetching(archive(bytes));
      expect(code.files.map(({ path }) => path)).toEqual(['a.txt', `${'folder/'.repeat(20)}long-path.txt`]);
    }
    await rm(folder, { recursive: true });
  });

  test.each([
    ['a zip bomb', buildZip({ a: bomb(50 * MEGABYTE, 10) })],
    ['a gzip bomb', gzipSync(Buffer.alloc(50 * MEGABYTE))],
  ])('%s is refused', async (_, bytes) => {
    await expect(fetching(archive(bytes))).rejects.toMatchObject({ kind: 'too-large' });
  });

  test.each(['1e-300 x', `${'0'.repeat(200_000)}1 `, '99999999999 path=x\n'])(
    'of tar with a record of pax that has no length keeps its own names (%#)',
    (record) => {
      const bytes = Buffer.concat([tarEntry('x', 'pax', record), tarEntry('0', 'a.txt', 'a')]);
      expect([...readTar(bytes)].map(({ path }) => path)).toEqual(['a.txt']);
    },
  );

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['no archive', Buffer.from('hello')],
    ['half a zip', buildZip({ a: 'x'.repeat(9_000) }).subarray(0, 40)],
  ])('%s is told to be damaged', async (_, bytes) => {
    await expect(fetching(archive(bytes))).rejects.toMatchObject({ kind: 'damaged' });
  });

  test('with more files or text than is taken is cut, and says so', async () => {
    const zip = buildZip(Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`f${index}`, 'x'.repeat(100)])));
    const few = await fetching(archive(zip), { limits: { mostFiles: 4 } });
    expect(few.code.files.map(({ path }) => path)).toEqual(['f0', 'f1', 'f2', 'f3']);
    expect(few.code.skipped).toHaveLength(5);
    const short = await fetching(archive(zip), { limits: { mostTextBytes: 250 } });
    expect(short.code.files).toHaveLength(2);
    expect(short.code.skipped.every(({ reason }) => reason === 'limit')).toBe(true);
  });
});

describe('a local path', { timeout: 120_000 }, () => {
  let root = '';
  beforeAll(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'parley-local-')));
    await mkdir(join(root, 'allowed/code/.git'), { recursive: true });
    await mkdir(join(root, 'secret'));
    await writeFile(join(root, 'secret/key.txt'), 'secret');
    await writeFile(join(root, 'allowed/code/a.txt'), 'a');
    await symlink(join(root, 'secret'), join(root, 'allowed/way-out'));
    await symlink(join(root, 'secret/key.txt'), join(root, 'allowed/code/key.txt'));
  });
  afterAll(() => rm(root, { recursive: true }));
  const local = (path: string, roots = [join(root, 'allowed')]) =>
    fetching({ kind: 'local', path: join(root, path) }, { localRoots: roots });

  test('gives its files, and follows no link', async () => {
    const { code } = await local('allowed/code');
    expect(code.files).toEqual([{ path: 'a.txt', bytes: 1, text: 'a' }]);
    expect(code.skipped).toEqual([
      { path: '.git/', reason: 'ignored' },
      { path: 'key.txt', reason: 'ignored' },
    ]);
  });

  test.each(['secret', 'allowed/way-out', 'allowed/../secret', 'allowed/none'])('%s is not allowed', async (path) => {
    await expect(local(path)).rejects.toMatchObject({ kind: 'forbidden-path' });
  });

  test('is none of a server without roots', async () => {
    await expect(local('allowed/code', [])).rejects.toMatchObject({ kind: 'forbidden-path' });
  });
});

/** An entry of a tar archive, with what the reader looks at. */
function tarEntry(type: string, name: string, text: string): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(Buffer.byteLength(text).toString(8).padStart(11, '0'), 124);
  header.write(' '.repeat(8), 148);
  header.write(type, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, Buffer.from(text), Buffer.alloc((512 - (Buffer.byteLength(text) % 512)) % 512)]);
}

const idOf = (kind: string, bytes: Buffer) =>
  createHash('sha1').update(`${kind} ${bytes.length}\0`).update(bytes).digest('hex');

test('a pack whose deltas all stand before their bases is read in one go', { timeout: 30_000 }, () => {
  const texts = Array.from({ length: 5_000 }, (_, index) => Buffer.from(String(index).padStart(5, '0')));
  const objects = texts.map((text, index) => {
    const before = texts[index - 1];
    if (!before) return Buffer.concat([Buffer.from([(3 << 4) | text.length]), deflateSync(text)]);
    const delta = Buffer.concat([Buffer.from([before.length, text.length, text.length]), text]);
    const base = Buffer.from(idOf('blob', before), 'hex');
    return Buffer.concat([Buffer.from([(7 << 4) | delta.length]), base, deflateSync(delta)]);
  });
  const head = Buffer.from('PACK\0\0\0\u0002\0\0\0\0');
  head.writeUInt32BE(texts.length, 8);
  const pack = readPack(Buffer.concat([head, ...objects.reverse()]));
  for (const text of texts) expect(pack.read(idOf('blob', text))?.bytes).toEqual(text);
});

test('a history of folders that hold themselves many times over ends', { timeout: 30_000 }, () => {
  const objects = new Map<string, GitObject>();
  const put = (kind: GitObject['kind'], bytes: Buffer) => {
    const id = idOf(kind, bytes);
    objects.set(id, { kind, bytes });
    return id;
  };
  const entry = (mode: string, name: string, id: string) =>
    Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]);
  const rootOf = (mark: string) => {
    // Below the last one lies what is in no pack, so that no file ends it.
    let id = idOf('tree', Buffer.from(mark));
    for (let depth = 0; depth < 40; depth += 1) {
      id = put('tree', Buffer.concat([entry('40000', 'a', id), entry('40000', 'b', id)]));
    }
    return id;
  };
  const commit = (tree: string, parents: string) =>
    put('commit', Buffer.from(`tree ${tree}\n${parents}author A <a@b> 1 +0000\n\nx`));
  const first = commit(rootOf('one'), '');
  const second = commit(rootOf('two'), `parent ${first}\n`);
  const pack: Pack = { read: (id) => objects.get(id) ?? null };
  const history = readHistory(pack, second, { most: 10, shallow: new Set() });
  expect(history.every(({ files }) => files.length === 0)).toBe(true);
});
