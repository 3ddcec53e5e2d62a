import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** Git's own server over HTTP, with what goes wrong in the world besides. */
export type TestGitServer = AsyncDisposable & {
  /** `<url>/<name>.git`; below `/private/` it asks for `token`, below `/silent/` it never answers, below `/moved/` it sends to
   * the same place without that, below `/inner/` to an address of the cloud's own, and below `/old/` it speaks version 0. */
  url: string;
  token: string;
  /** Everything that was asked for, headers and all. */
  requests: { url: string; authorization: string | null }[];
  /** Makes a repository of commits, each of which says what its files are from then on; null removes one. */
  add(name: string, commits: readonly Readonly<Record<string, string | null>>[]): Promise<string>;
  /** Adds to one, or does something else to it with git. */
  commit(name: string, files: Readonly<Record<string, string | null>>): Promise<void>;
  git(name: string, ...args: string[]): Promise<string>;
};

const run = promisify(execFile);
const IDENTITY = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
};
const FIRST_DAY = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;

export async function startGitServer(): Promise<TestGitServer> {
  const root = await mkdtemp(join(tmpdir(), 'parley-git-server-'));
  const token = 'a-token-of-the-test';
  const requests: TestGitServer['requests'] = [];
  const commits = new Map<string, number>();
  const folderOf = (name: string) => join(root, `${name}.git`);

  const git = async (name: string, ...args: string[]) => {
    const day = commits.get(name) ?? 0;
    const date = new Date(FIRST_DAY + day * DAY).toISOString();
    const env = { ...process.env, ...IDENTITY, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
    return (await run('git', args, { cwd: folderOf(name), env })).stdout;
  };
  const commit: TestGitServer['commit'] = async (name, files) => {
    for (const [path, text] of Object.entries(files)) {
      const file = join(folderOf(name), path);
      await mkdir(dirname(file), { recursive: true });
      await (text === null ? rm(file) : writeFile(file, text));
    }
    await git(name, 'add', '--all', '--force');
    await git(name, 'commit', '--quiet', '--message', 'A change');
    commits.set(name, (commits.get(name) ?? 0) + 1);
  };

  const server = createServer((request, response) => {
    requests.push({ url: request.url ?? '', authorization: request.headers.authorization ?? null });
    answer(request, response, { root, token });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    token,
    requests,
    git,
    commit,
    add: async (name, all) => {
      await mkdir(folderOf(name), { recursive: true });
      await git(name, 'init', '--quiet', '--initial-branch', 'main');
      await git(name, 'config', 'uploadpack.allowFilter', 'true');
      for (const files of all) await commit(name, files);
      return `${url}/${name}.git`;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(root, { recursive: true, force: true });
    },
  };
}

type Behind = { root: string; token: string };

function answer(request: IncomingMessage, response: ServerResponse, { root, token }: Behind): void {
  const [, kind, rest] = /^\/(private|silent|moved|inner|old)(\/.*)$/.exec(request.url ?? '') ?? [];
  const given = Buffer.from(request.headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString();
  if (kind === 'silent') return;
  if (kind === 'private' && !given.endsWith(`:${token}`)) {
    response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
  } else if (kind === 'moved') response.writeHead(301, { location: rest }).end();
  else if (kind === 'inner') response.writeHead(302, { location: `http://169.254.169.254${rest}` }).end();
  else backend(request, response, { root, url: rest ?? request.url ?? '', old: kind === 'old' });
}

type Asked = { root: string; url: string; old: boolean };

function backend(request: IncomingMessage, response: ServerResponse, { root, url, old }: Asked): void {
  const [path = '', query = ''] = url.split('?');
  const cgi = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env.PATH,
      ...IDENTITY,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*',
      PATH_INFO: path.replace(/\.git(?=\/)/, '.git/.git'),
      QUERY_STRING: query,
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      ...(!old && { GIT_PROTOCOL: String(request.headers['git-protocol'] ?? '') }),
    },
  });
  request.pipe(cgi.stdin);
  cgi.stdin.on('error', () => undefined);
  response.on('close', () => cgi.kill());
  let head: Buffer = Buffer.alloc(0);
  let hasHead = false;
  cgi.stdout.on('data', (piece: Buffer) => {
    if (hasHead) return response.write(piece);
    head = Buffer.concat([head, piece]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    hasHead = true;
    const fields = head
      .toString('utf8', 0, end)
      .split('\r\n')
      .map((line) => line.split(': ') as [string, string]);
    const status = Number(fields.find(([name]) => name === 'Status')?.[1].slice(0, 3) ?? 200);
    response.writeHead(status, Object.fromEntries(fields.filter(([name]) => name !== 'Status')));
    return response.write(head.subarray(end + 4));
  });
  cgi.on('close', () => response.end());
}
