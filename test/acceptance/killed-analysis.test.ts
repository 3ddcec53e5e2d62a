import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ApiClient } from '../support/api-client.ts';
import { openInstalledServer, type TestDatabase, testDatabases } from '../support/databases.ts';
import { startGitServer, type TestGitServer } from '../support/git-server.ts';
import { installInto, type ParleyProcess, startParley } from '../support/parley-process.ts';
import { RAISED_LIMITS } from '../support/raised-limits.ts';

/** Two starts, and the end of a lease, on a machine that is busy with other tests. */
const TIMEOUT_MS = 240_000;

type Ended = { status: string; error: unknown; finding_count: number; commit: string | null };

describe.each(testDatabases())('a process that is killed in mid-analysis, on the $kind database', ({ kind }) => {
  let folder: string;
  let db: TestDatabase | null = null;
  let git: TestGitServer;
  let gate: Server;
  let settings: Record<string, string>;
  let credential: { email: string; password: string };
  const started: ParleyProcess[] = [];
  /** Packs that were asked for; the first is never sent. */
  let packs = 0;
  const held = Promise.withResolvers<void>();

  async function pass(request: IncomingMessage, response: ServerResponse) {
    const isPack = request.method === 'POST' && request.url?.endsWith('/git-upload-pack') === true;
    const body = request.method === 'POST' ? await buffer(request) : undefined;
    if (isPack && body?.includes('command=fetch') && packs++ === 0) return held.resolve();
    const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers;
    const given = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
    const answer = await fetch(new URL(request.url ?? '/', git.url), {
      method: request.method ?? 'GET',
      headers: given,
      ...(body && { body: new Uint8Array(body) }),
    });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
    response.end(Buffer.from(await answer.arrayBuffer()));
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-killed-analysis-'));
    git = await startGitServer();
    await git.add('shop', [{ 'src/a.js': 'export const run = (text) => eval(text);\n' }]);
    gate = createServer((request, response) => void pass(request, response).catch(() => response.destroy()));
    await new Promise<void>((resolve) => gate.listen(0, '127.0.0.1', resolve));
    const installed = kind === 'server' ? await openInstalledServer() : null;
    db = installed;
    credential = installed?.credential ?? (await installInto(folder));
    settings = {
      ...RAISED_LIMITS,
      DATA_DIR: folder,
      OUTBOUND_ALLOWED_HOSTS: '127.0.0.1',
      ...(installed?.url && { DATABASE_URL: installed.url, SECRET_KEY: installed.secret }),
    };
  }, TIMEOUT_MS);
  afterEach(async () => {
    for (const process of started.splice(0)) await process.stop().catch(() => undefined);
    gate.closeAllConnections();
    gate.close();
    await git[Symbol.asyncDispose]();
    await db?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const start = () => {
    const process = startParley(settings);
    started.push(process);
    return process;
  };

  test('leaves an analysis that another takes over and ends once', { timeout: TIMEOUT_MS }, async () => {
    const first = start();
    const before = await ApiClient.login(await first.address(), credential);
    const url = `http://127.0.0.1:${(gate.address() as AddressInfo).port}/shop.git`;
    const { id: repository_id } = await before.post<{ id: string }>('/v1/repositories', { url });
    const { id } = await before.post<{ id: string }>('/v1/analyses', { repository_id });
    await held.promise;
    expect(await before.get(`/v1/analyses/${id}`)).toMatchObject({ status: 'running' });

    // Where there can be two, the other one is there already.
    const beside = kind === 'server' ? start() : null;
    await beside?.address();
    await first.kill();
    started.splice(started.indexOf(first), 1);
    const second = beside ?? start();
    const after = await ApiClient.login(await second.address(), credential);
    const ended = await after.until<Ended>(`/v1/analyses/${id}`, ({ status }) => /^(?:comp|fail|canc)/.test(status));
    expect(ended).toMatchObject({ status: 'completed', error: null, finding_count: 1 });
    expect(ended.commit).toMatch(/^[0-9a-f]{40}$/);
    const { data } = await after.get<{ data: { rule: string }[] }>(`/v1/analyses/${id}/findings`);
    expect(data.map(({ rule }) => rule)).toEqual(['security/eval']);
    const all = await after.get<{ data: { id: string }[] }>(`/v1/analyses?repository_id=${repository_id}`);
    expect(all.data.map((one) => one.id)).toEqual([id]);
    // One that was cut off and one that was not.
    expect(packs).toBe(2);
  });
});
