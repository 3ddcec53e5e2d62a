import { damaged, FetchFault } from '../fetch-fault.ts';
import { DELIMITER, FLUSH, type Line, notGit, packetLine, readPackets, textOf } from './packet-lines.ts';

/**
 * The part of git's smart HTTP protocol that fetches one commit with what belongs to it: version 2, and version 0 for
 * servers that know no other. https://git-scm.com/docs/protocol-v2, https://git-scm.com/docs/http-protocol
 */

export type GitAddress = { url: string; token: string | null };
export type GitFetch = (url: string, init: RequestInit) => Promise<Response>;
type Refs = ReadonlyMap<string, string>;

/** A server that was asked for what it can. */
export type GitServer = {
  /** Where it is: behind all redirects, without the end of the address. */
  readonly base: string;
  readonly version: 0 | 2;
  readonly capabilities: readonly string[];
  /** Of version 0, which tells them at once. */
  readonly refs: Refs | null;
  readonly headers: Readonly<Record<string, string>>;
};

const SERVICE = 'git-upload-pack';
const DISCOVERY = `/info/refs?service=${SERVICE}`;
const AGENT = 'agent=parley';

/** @throws FetchFault; what `fetch` throws */
export async function askServer(fetch: GitFetch, { url, token }: GitAddress, signal: AbortSignal): Promise<GitServer> {
  const given = url.replace(/\/+$/, '');
  const credentials = credentialsOf(token);
  const response = await fetch(given + DISCOVERY, {
    headers: { 'git-protocol': 'version=2', ...credentials },
    signal,
  });
  await assertServed(response, token !== null);
  if (response.headers.get('content-type') !== `application/x-${SERVICE}-advertisement`) {
    await response.body?.cancel();
    throw notGit();
  }
  const lines = await linesOf(response);
  const told = lines[0]?.startsWith('# service=') ? lines.slice(1) : lines;
  const base = response.url.endsWith(DISCOVERY) ? response.url.slice(0, -DISCOVERY.length) : given;
  // A token is for the server that it was given for, and for no other that this one sends us to.
  const isSame = new URL(base).origin === new URL(given).origin;
  const known = { base, headers: isSame ? credentials : {} };
  if (told[0] === 'version 2') return { ...known, version: 2, capabilities: told.slice(1), refs: null };
  const [, capabilities = ''] = (told[0] ?? '').split('\0');
  return { ...known, version: 0, capabilities: capabilities.split(' '), refs: refsOf(told) };
}

/** What GitHub, GitLab, Gitea and Azure DevOps take: a token as the password, whatever the name. */
function credentialsOf(token: string | null): Record<string, string> {
  if (token === null) return {};
  const pair = token.includes(':') ? token : `x-access-token:${token}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

async function assertServed({ status, body }: Response, hasToken: boolean): Promise<void> {
  if (status === 200) return;
  await body?.cancel();
  if (status === 401 || status === 403) {
    const cause = hasToken ? 'does not take the access token' : 'asks for an access token';
    throw new FetchFault('unauthorized', `The git server ${cause} (status ${status}).`);
  }
  if (status === 404 || status === 410) {
    const hint = hasToken ? '' : ' If it is private, give an access token.';
    throw new FetchFault('not-found', `The git server has no repository at this address (status ${status}).${hint}`);
  }
  throw new FetchFault('unreachable', `The git server answered with status ${status}.`);
}

/** Of branches and tags, and of commits whose parents are left out; and the bytes of their lines. */
const MOST_LINES = 200_000;
const MOST_LINE_BYTES = 16 * 1024 * 1024;

/** Sections do not matter where each line tells by itself what it is. @throws FetchFault */
async function linesOf(response: Response): Promise<string[]> {
  const lines: string[] = [];
  let bytes = 0;
  for await (const packet of readPackets(bodyOf(response))) {
    if (packet.kind !== 'line') continue;
    bytes += packet.bytes.length;
    if (lines.length === MOST_LINES || bytes > MOST_LINE_BYTES) throw tooManyLines('branches and tags');
    lines.push(textOf(packet));
  }
  return lines;
}

function tooManyLines(what: string): FetchFault {
  return new FetchFault('too-large', `The git server lists more ${what} than are taken here.`);
}

function bodyOf({ body }: Response): AsyncIterable<Uint8Array> {
  if (!body) throw damaged('The answer of the git server');
  return body as unknown as AsyncIterable<Uint8Array>;
}

/** `<id> <name>`, with more behind: `peeled:<id>` is the commit that a tag is for; version 0 has a line `<name>^{}`. */
function refsOf(lines: readonly string[]): Refs {
  const refs = new Map<string, string>();
  for (const line of lines) {
    const [ref = ''] = line.split('\0');
    const [id = '', name = '', ...more] = ref.split(' ');
    const peeled = more.find((word) => word.startsWith('peeled:'))?.slice('peeled:'.length);
    if (/^[0-9a-f]{40}$/.test(id)) refs.set(name.replace(/\^\{\}$/, ''), peeled ?? id);
  }
  return refs;
}

async function post(fetch: GitFetch, server: GitServer, body: string, signal: AbortSignal): Promise<Response> {
  const response = await fetch(`${server.base}/${SERVICE}`, {
    method: 'POST',
    headers: {
      ...server.headers,
      'content-type': `application/x-${SERVICE}-request`,
      accept: `application/x-${SERVICE}-result`,
      ...(server.version === 2 && { 'git-protocol': 'version=2' }),
    },
    body,
    signal,
  });
  await assertServed(response, server.headers.authorization !== undefined);
  return response;
}

/** The commit of a branch or tag; of the server's own choice where none is named. @throws FetchFault */
export async function findCommit(
  fetch: GitFetch,
  server: GitServer,
  branch: string | null,
  signal: AbortSignal,
): Promise<string> {
  if (server.capabilities.includes('object-format=sha256')) {
    throw new FetchFault('no-git', 'This repository has ids of SHA-256, which are not read here.');
  }
  const names = branch === null ? ['HEAD'] : [`refs/heads/${branch}`, `refs/tags/${branch}`];
  const refs = server.refs ?? (await listRefs(fetch, server, names, signal));
  const found = names.map((name) => refs.get(name)).find((id) => id !== undefined);
  if (found !== undefined) return found;
  if (branch === null) throw new FetchFault('empty', 'This repository has no commit yet.');
  throw new FetchFault('no-branch', `This repository has no branch or tag "${branch}".`);
}

async function listRefs(fetch: GitFetch, server: GitServer, names: readonly string[], signal: AbortSignal) {
  const wanted = names.map((name) => packetLine(`ref-prefix ${name}\n`)).join('');
  const asked = [packetLine('command=ls-refs\n'), packetLine(`${AGENT}\n`), DELIMITER, packetLine('peel\n'), wanted];
  return refsOf(await linesOf(await post(fetch, server, asked.join('') + FLUSH, signal)));
}

export type PackOrder = {
  commit: string;
  /** Commits behind each other, at least 1. */
  depth: number;
  /** Larger files do not come along where the server can leave them out, bytes. */
  mostFileBytes: number;
};

const DATA = 1;
const FAILURE = 3;

/** The pack of a commit, piece by piece. Returns the commits whose parents did not come along. @throws FetchFault */
export async function* fetchPack(
  fetch: GitFetch,
  server: GitServer,
  order: PackOrder,
  signal: AbortSignal,
): AsyncGenerator<Buffer, string[]> {
  const body = server.version === 2 ? orderOf(server, order) : oldOrderOf(server, order);
  const response = await post(fetch, server, body, signal);
  const shallow: string[] = [];
  let inPack = false;
  for await (const packet of readPackets(bodyOf(response))) {
    if (packet.kind !== 'line') continue;
    const [channel] = packet.bytes;
    if (inPack && channel === DATA) yield packet.bytes.subarray(1);
    else if (inPack && channel === FAILURE) throw refused(packet.bytes.toString('utf8', 1));
    else if (!inPack) inPack = startsPack(packet, shallow);
  }
  return shallow;
}

function startsPack(packet: Line, shallow: string[]): boolean {
  const line = textOf(packet);
  if (line.startsWith('shallow ')) shallow.push(shallowCommit(line, shallow.length));
  if (line.startsWith('ERR ')) throw refused(line.slice('ERR '.length));
  return line === 'packfile' || line === 'NAK';
}

/** Merges make them many more than commits behind each other. */
function shallowCommit(line: string, before: number): string {
  const id = line.slice('shallow '.length);
  if (!/^[0-9a-f]{40}$/.test(id)) throw damaged('The answer of the git server');
  if (before === MOST_LINES) throw tooManyLines('commits at the end of the history');
  return id;
}

function refused(reason: string): FetchFault {
  const said = reason
    .replace(/\p{Cc}/gu, ' ')
    .trim()
    .slice(0, 200)
    .toWellFormed();
  return new FetchFault('unreachable', `The git server refused: ${said}`);
}

function filterOf({ mostFileBytes }: PackOrder): string {
  return packetLine(`filter blob:limit=${mostFileBytes + 1}\n`);
}

function orderOf({ capabilities }: GitServer, order: PackOrder): string {
  const fetchFeatures = capabilities.find((line) => line.startsWith('fetch='))?.slice('fetch='.length) ?? '';
  return [
    packetLine('command=fetch\n'),
    packetLine(`${AGENT}\n`),
    DELIMITER,
    packetLine('ofs-delta\n'),
    packetLine('no-progress\n'),
    packetLine(`deepen ${order.depth}\n`),
    fetchFeatures.split(' ').includes('filter') ? filterOf(order) : '',
    packetLine(`want ${order.commit}\n`),
    packetLine('done\n'),
    FLUSH,
  ].join('');
}

const OLD_FEATURES = ['multi_ack_detailed', 'side-band-64k', 'thin-pack', 'ofs-delta', 'no-progress', 'filter'];

function oldOrderOf({ capabilities }: GitServer, order: PackOrder): string {
  if (!capabilities.includes('side-band-64k') || !capabilities.includes('shallow')) {
    throw new FetchFault('no-git', 'The git server is too old to be fetched from.');
  }
  const used = OLD_FEATURES.filter((name) => capabilities.includes(name));
  return [
    packetLine(`want ${order.commit} ${used.join(' ')} ${AGENT}\n`),
    packetLine(`deepen ${order.depth}\n`),
    used.includes('filter') ? filterOf(order) : '',
    FLUSH,
    packetLine('done\n'),
  ].join('');
}
