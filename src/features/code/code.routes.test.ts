import fastifyMultipart from '@fastify/multipart';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildZip } from '../../../test/support/build-zip.ts';
import { type TestDatabase, testDatabases } from '../../../test/support/databases.ts';
import { forgettingOn } from '../../../test/support/forgetting.ts';
import { startGitServer, type TestGitServer } from '../../../test/support/git-server.ts';
import { makeTenant, principalIn } from '../../../test/support/tenants.ts';
import { unmetered } from '../../../test/support/unmetered.ts';
import { scriptedModel } from '../../ai/fakes.ts';
import { systemClock } from '../../platform/clock.ts';
import { createGuardedFetch } from '../../platform/http/guarded-fetch.ts';
import { type App, createHttpServer } from '../../platform/http/server.ts';
import { createQueue, type Queue } from '../../platform/queue/queue.ts';
import { createOutside } from '../../platform/resilience/outside.ts';
import { createSecretBox } from '../../platform/secrets/secret-box.ts';
import { createMetrics } from '../../platform/telemetry/metrics.ts';
import type { Principal } from '../identity/index.ts';
import { createTenantSecrets, inTenant, noQuotas } from '../tenancy/index.ts';
import { analysisRoutes } from './analysis.routes.ts';
import type { Finding } from './analysis.ts';
import { type Code, createCode } from './code.ts';
import { findTodos } from './fake-analysis.ts';
import { repositoryRoutes } from './repository.routes.ts';
import { runAnalysis } from './run-analysis.ts';

const MEGABYTE = 1024 * 1024;
const LIMITS = {
  mostBytes: 20 * MEGABYTE,
  mostFiles: 100,
  mostFileBytes: MEGABYTE,
  mostTextBytes: MEGABYTE,
  historyCommits: 5,
};

describe.each(testDatabases())('repositories and analyses on the $kind database', { timeout: 120_000 }, ({ open }) => {
  let db: TestDatabase;
  let app: App;
  let queue: Queue;
  let code: Code;
  let git: TestGitServer;
  let somebody: Principal;
  let member: Principal;
  let deps: Parameters<typeof createCode>[0];
  let hold: Promise<void> | null = null;

  beforeAll(async () => {
    db = await open();
    git = await startGitServer();
    const { database } = db;
    queue = createQueue(database, { onError: () => undefined, onWarning: () => undefined });
    const forgetting = forgettingOn(database, queue, () => [code.forgetter]);
    deps = {
      database,
      queue,
      forgetting,
      secrets: createTenantSecrets(database, createSecretBox([Buffer.alloc(32, 1)])),
      quotaOf: noQuotas,
      settings: { read: async (_tenant, { fallback }) => fallback },
      meter: unmetered,
      defaultModel: async () => scriptedModel([]),
      clock: systemClock,
      log: pino({ level: 'silent' }),
      metrics: createMetrics(),
      fetch: createGuardedFetch({ allowedHosts: ['127.0.0.1'], totalTimeout: null }).fetch,
      outside: createOutside(),
      analyse: async (base, { signal }) => {
        if (hold)
          await Promise.race([
            hold,
            new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
          ]);
        return findTodos(base);
      },
      limits: LIMITS,
      fetchTimeout: 30_000,
      analysisTimeout: 60_000,
      concurrency: 1,
      localRoots: [],
      uploadLimit: MEGABYTE,
    };
    code = createCode(deps);
    await queue.start([...code.jobs, ...forgetting.jobs], { work: false });
    member = principalIn(await makeTenant(database));
    somebody = member;
    app = createHttpServer({
      log: pino({ level: 'silent' }),
      bodyLimit: MEGABYTE,
      requestTimeout: 30_000,
      trustedProxies: [],
      rewriteUrl: ({ url }) => url ?? '/',
    });
    await app.register(fastifyMultipart);
    app.decorateRequest('principal', null as never);
    app.addHook('onRequest', async (request) => {
      request.principal = somebody;
    });
    repositoryRoutes(app, code);
    analysisRoutes(app, code);
  });
  afterAll(async () => {
    await app.close();
    await queue.stop(1_000);
    await git[Symbol.asyncDispose]();
    await db.close();
  });

  async function send(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object, as = member) {
    somebody = as;
    const answer = await app.inject({ method, url, ...(payload && { payload }) });
    return { status: answer.statusCode, text: answer.body, body: answer.body === '' ? null : answer.json() };
  }
  const run = (id: string, signal = new AbortController().signal) => runAnalysis(deps, member.tenant, id, signal);

  async function analysed(repository_id: string) {
    const { status, body } = await send('POST', '/v1/analyses', { repository_id });
    expect(status).toBe(201);
    expect(body).toMatchObject({ repository_id, status: 'pending', progress: 0, completed_at: null });
    await run(body.id);
    return (await send('GET', `/v1/analyses/${body.id}`)).body;
  }

  test('a git repository is added, analysed and analysed again; what was said of findings stays', async () => {
    const url = await git.add('shop', [{ 'a.js': 'todo: one\ntodo: two\n', 'b.js': 'done\n' }]);
    const added = await send('POST', '/v1/repositories', { url, branch: 'main' });
    expect(added.status).toBe(201);
    expect(added.body).toMatchObject({ name: 'shop', kind: 'git', url, branch: 'main', has_token: false });

    const first = await analysed(added.body.id);
    expect(first).toMatchObject({ status: 'completed', progress: 1, error: null, engine: 'test', file_count: 2 });
    expect(first).toMatchObject({ finding_count: 2, findings_by_severity: { low: 2 }, scores: [{ value: 98 }] });
    expect(first.commit).toMatch(/^[0-9a-f]{40}$/);
    expect(first.duration_ms).toBeGreaterThanOrEqual(0);
    expect(first.completed_at).not.toBeNull();

    const page = await send('GET', `/v1/analyses/${first.id}/findings?limit=1`);
    expect(page.body.total).toBe(2);
    expect(page.body.data).toMatchObject([
      { path: 'a.js', line: 1, evidence: 'todo: one', status: 'open', note: null },
    ]);
    const rest = await send('GET', `/v1/analyses/${first.id}/findings?cursor=${page.body.next_cursor}`);
    expect(rest.body).toMatchObject({ data: [{ line: 2 }], next_cursor: null });
    const [{ id: findingId }] = page.body.data;
    const said = { status: 'accepted', note: 'Later.' };
    const triaged = await send('PATCH', `/v1/findings/${findingId}`, said);
    expect(triaged.body).toMatchObject({ ...said, triaged_by: member.userId });
    expect(Date.parse(triaged.body.triaged_at)).toBeGreaterThan(0);

    await git.commit('shop', { 'a.js': '\n\ntodo: one\ntodo: three\n' });
    const second = await analysed(added.body.id);
    const open = await send('GET', `/v1/analyses/${second.id}/findings?status=open`);
    expect(open.body.data.map(({ evidence }: Finding) => evidence)).toEqual(['todo: three']);
    const kept = await send('GET', `/v1/analyses/${second.id}/findings?status=accepted&severity=low&rule=code/todo`);
    expect(kept.body.data).toMatchObject([{ evidence: 'todo: one', line: 3, note: 'Later.' }]);
    expect(kept.body.total).toBe(1);
    const judged = await send('GET', `/v1/analyses/${second.id}`);
    expect(judged.body).toMatchObject({
      findings_by_severity: { low: 2 },
      findings_by_status: { open: 1, accepted: 1 },
    });

    const compared = await send('GET', `/v1/analyses/${second.id}/comparison`);
    expect(compared.body).toMatchObject({
      previous_analysis_id: first.id,
      counts: { new: 1, gone: 1, stayed: 1 },
      new: [{ evidence: 'todo: three' }],
      gone: [{ evidence: 'todo: two' }],
      scores: [{ name: 'overall', value: 98, previous: 98 }],
    });
    expect((await send('GET', `/v1/analyses/${first.id}/comparison`)).body).toMatchObject({
      previous_analysis_id: null,
      counts: { new: 2, gone: 0, stayed: 0 },
    });
    const listed = await send('GET', `/v1/analyses?repository_id=${added.body.id}&limit=1`);
    expect(listed.body.data).toMatchObject([{ id: second.id }]);
    const older = await send('GET', `/v1/analyses?repository_id=${added.body.id}&cursor=${listed.body.next_cursor}`);
    expect(older.body).toMatchObject({ data: [{ id: first.id }], next_cursor: null });
    const repositories = await send('GET', '/v1/repositories');
    expect(repositories.body.data[0]).toMatchObject({ id: added.body.id, latest_analysis: { id: second.id } });

    expect((await send('DELETE', `/v1/repositories/${added.body.id}`)).status).toBe(204);
    for (const path of [`repositories/${added.body.id}`, `analyses/${first.id}`, `findings/${findingId}`]) {
      expect((await send('GET', `/v1/${path}`)).status).toBe(404);
    }
  });

  test('findings are found by a part of their path, and counted over all pages', async () => {
    const url = await git.add('paths', [
      { 'src/Pay.js': 'todo 1\ntodo 2\n', 'src/a_b.js': 'todo\n', 'axb.js': 'todo\n' },
    ]);
    const { id, source_root } = await analysed((await send('POST', '/v1/repositories', { url })).body.id);
    // Not a host whose addresses we know.
    expect(source_root).toBeNull();
    const found = async (query: string) => {
      const { data, total } = (await send('GET', `/v1/analyses/${id}/findings?${query}`)).body;
      return { paths: data.map(({ path }: Finding) => path), total };
    };
    expect(await found('path=src/pay&limit=1')).toEqual({ paths: ['src/Pay.js'], total: 2 });
    // Nothing in it is a pattern.
    expect(await found('path=a_b')).toEqual({ paths: ['src/a_b.js'], total: 1 });
    expect(await found('path=%25')).toEqual({ paths: [], total: 0 });
    expect(await found('path=pay&status=accepted')).toEqual({ paths: [], total: 0 });
  });

  test('files of a host that we know are linked to', async () => {
    const { id } = (await send('POST', '/v1/repositories', { url: 'https://github.com/acme/shop.git' })).body;
    const { body } = await send('POST', '/v1/analyses', { repository_id: id });
    const commit = 'c'.repeat(40);
    await inTenant(db.database, member.tenant, (trx) =>
      trx.updateTable('analysis').set({ status: 'completed', commit_id: commit }).where('id', '=', body.id).execute(),
    );
    const { source_root } = (await send('GET', `/v1/analyses/${body.id}`)).body;
    expect(source_root).toBe(`https://github.com/acme/shop/blob/${commit}/`);
  });

  test('a private one is fetched with its token, which is shown to nobody and goes with it', async () => {
    await git.add('secret', [{ 'a.js': 'x\n' }]);
    const url = `${git.url}/private/secret.git`;
    const { body, text } = await send('POST', '/v1/repositories', { url, access_token: git.token });
    expect(body.has_token).toBe(true);
    expect(await analysed(body.id)).toMatchObject({ status: 'completed' });
    const changed = await send('PATCH', `/v1/repositories/${body.id}`, { access_token: 'a-wrong-token' });
    const failed = await analysed(body.id);
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'ERR_FETCH_003' } });
    expect(failed.error.detail).toContain('does not take the access token');
    expect(`${text} ${changed.text} ${JSON.stringify(failed)}`).not.toMatch(/a-token|a-wrong-token/);
    const { rows } = await db.database.execute('SELECT name, sealed::text FROM platform.tenant_secret');
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(Buffer.from('a-wrong').toString('hex'));
    await send('DELETE', `/v1/repositories/${body.id}`);
    const secrets = async () => (await db.database.execute('SELECT 1 FROM platform.tenant_secret')).rows;
    expect(await secrets()).toEqual([]);

    // As a backup brings it back, and the journal of what was deleted takes it away again.
    const restored = (await send('POST', '/v1/repositories', { url, access_token: git.token })).body;
    const target = { kind: 'repository', ids: [restored.id] } as const;
    const forgotten = await inTenant(db.database, member.tenant, (trx) =>
      code.forgetter.forget(trx, member.tenant, target, 10),
    );
    expect(forgotten.counts).toEqual({ repositories: 1 });
    expect(await secrets()).toEqual([]);
  });

  test('what is said of an archive is cut between characters', async () => {
    const form = new FormData();
    form.append('name', `${'x'.repeat(254)}\u{1f600}`);
    form.append('description', `${'x'.repeat(1_999)}\u{1f600}`);
    const fileName = `\u{1f600}${'x'.repeat(250)}.zip`;
    form.append('file', new Blob([new Uint8Array(buildZip({ 'a.js': 'x' }))]), fileName);
    const { status, body } = await send('POST', '/v1/repositories', form);
    expect(status).toBe(201);
    expect(body).toMatchObject({ description: 'x'.repeat(1_999), path: fileName.slice(2) });
    expect(body.name).toBe('x'.repeat(254));
  });

  test('an archive is analysed, and one that is none is refused', async () => {
    const upload = (bytes: Uint8Array, name?: string) => {
      const form = new FormData();
      if (name) form.append('name', name);
      form.append('file', new Blob([new Uint8Array(bytes)]), 'code.zip');
      return send('POST', '/v1/repositories', form);
    };
    const { status, body } = await upload(buildZip({ 'code/a.js': 'todo\n' }), 'My code');
    expect(status).toBe(201);
    expect(body).toMatchObject({ kind: 'archive', name: 'My code', path: 'code.zip', url: null });
    expect(await analysed(body.id)).toMatchObject({ status: 'completed', finding_count: 1, commit: null });
    const before = (await send('GET', '/v1/repositories')).body.data.length;
    expect((await upload(Buffer.from('no archive'))).status).toBe(422);
    expect((await upload(Buffer.concat([buildZip({ a: 'x' }), Buffer.alloc(2 * MEGABYTE)]))).status).toBe(413);
    expect((await send('GET', '/v1/repositories')).body.data).toHaveLength(before);
  });

  test.each([
    [{ url: 'file:///etc/passwd' }, 'url'],
    [{ url: 'ext::sh -c id' }, 'url'],
    [{ url: 'ssh://git@github.com/a/b' }, 'url'],
    [{ url: 'https://me:token@github.com/a/b' }, 'url'],
    [{ url: '--upload-pack=id' }, 'url'],
    [{ url: `https://example.com/${'é'.repeat(500)}` }, 'url'],
    [{ path: '/etc' }, 'path'],
    [{}, 'url'],
    [{ url: 'https://github.com/a/b', branch: 'a b' }, 'branch'],
  ])('%j is refused, and names the field', async (body, field) => {
    const answer = await send('POST', '/v1/repositories', body);
    expect(answer.status).toBe(422);
    expect(answer.body.errors[0].field).toBe(field);
  });

  test.each([
    ['https://git.example/me/digit.git', 'digit'],
    ['https://git.example/me/git', 'git'],
    ['https://git.example/', 'git.example'],
    [`https://${'a.'.repeat(140)}example/`, `${'a.'.repeat(127)}a`],
    [`https://git.example/${'\u{1f600}'.repeat(160)}`, '\u{1f600}'.repeat(127)],
  ])('%s is called %s', async (url, name) => {
    expect((await send('POST', '/v1/repositories', { url })).body.name).toBe(name);
  });

  async function repositoryOf(name: string) {
    const url = await git.add(name, [{ 'a.js': 'todo\n' }]);
    return (await send('POST', '/v1/repositories', { url })).body;
  }

  test('a second analysis of a repository waits for the end of the first, and is told which that is', async () => {
    const { id } = await repositoryOf('twice');
    const first = await send('POST', '/v1/analyses', { repository_id: id });
    const second = await send('POST', '/v1/analyses', { repository_id: id });
    expect(second).toMatchObject({ status: 409, body: { code: 'ERR_ANALYSIS_003', analysis_id: first.body.id } });
    expect((await send('GET', `/v1/analyses/${first.body.id}/comparison`)).status).toBe(409);
    const cancelled = await send('POST', `/v1/analyses/${first.body.id}/cancel`);
    expect(cancelled).toMatchObject({ status: 202, body: { status: 'cancelled' } });
    expect((await send('POST', `/v1/analyses/${first.body.id}/cancel`)).status).toBe(409);
    await run(first.body.id);
    expect((await send('GET', `/v1/analyses/${first.body.id}`)).body.status).toBe('cancelled');
    expect((await send('POST', '/v1/analyses', { repository_id: id })).status).toBe(201);
  });

  test('one that runs ends when it is cancelled or its repository is deleted', async () => {
    const { id } = await repositoryOf('cancelled');
    const { body } = await send('POST', '/v1/analyses', { repository_id: id });
    const { promise, resolve } = Promise.withResolvers<void>();
    hold = promise;
    try {
      const running = run(body.id);
      await expect.poll(async () => (await send('GET', `/v1/analyses/${body.id}`)).body.progress).toBeGreaterThan(0);
      await send('POST', `/v1/analyses/${body.id}/cancel`);
      await running;
      expect((await send('GET', `/v1/analyses/${body.id}`)).body).toMatchObject({
        status: 'cancelled',
        finding_count: 0,
      });
    } finally {
      hold = null;
      resolve();
    }
  });

  test('one whose worker goes is taken up again, and ends for good when that happens too often', async () => {
    const { id } = await repositoryOf('killed');
    const { body } = await send('POST', '/v1/analyses', { repository_id: id });
    const stopped = AbortSignal.abort(new Error('the process ends'));
    await expect(run(body.id, stopped)).rejects.toThrow('the process ends');
    expect((await send('GET', `/v1/analyses/${body.id}`)).body.status).toBe('pending');
    // As a process leaves it that is killed.
    const kill = (attempt: number) =>
      inTenant(db.database, member.tenant, (trx) =>
        trx.updateTable('analysis').set({ status: 'running', attempt }).where('id', '=', body.id).execute(),
      );
    await kill(1);
    await run(body.id);
    expect((await send('GET', `/v1/analyses/${body.id}`)).body.status).toBe('completed');
    await kill(3);
    await run(body.id);
    const ended = (await send('GET', `/v1/analyses/${body.id}`)).body;
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'ERR_ANALYSIS_102' } });
  });

  test('one that its worker left behind keeps nobody from the next', async () => {
    const { id } = await repositoryOf('silent');
    const { body } = await send('POST', '/v1/analyses', { repository_id: id });
    const long = new Date(Date.now() - 3_600_000);
    await inTenant(db.database, member.tenant, (trx) =>
      trx.updateTable('analysis').set({ status: 'running', updated_at: long }).where('id', '=', body.id).execute(),
    );
    expect((await send('POST', '/v1/analyses', { repository_id: id })).status).toBe(201);
    expect((await send('GET', `/v1/analyses/${body.id}`)).body).toMatchObject({ status: 'failed' });
  });

  test('another member reads and analyses it, and changes nothing of it; another tenant sees nothing', async () => {
    const { id } = await repositoryOf('shared');
    const other = principalIn(member.tenant);
    const stranger = principalIn(await makeTenant(db.database, 'Globex'), { role: 'owner' });
    const { body } = await send('POST', '/v1/analyses', { repository_id: id });
    for (const [as, seen, changed] of [
      [other, 200, 403],
      [stranger, 404, 404],
    ] as const) {
      expect((await send('GET', `/v1/repositories/${id}`, undefined, as)).status).toBe(seen);
      expect((await send('GET', `/v1/analyses/${body.id}`, undefined, as)).status).toBe(seen);
      expect((await send('PATCH', `/v1/repositories/${id}`, { name: 'x' }, as)).status).toBe(changed);
      expect((await send('DELETE', `/v1/repositories/${id}`, undefined, as)).status).toBe(changed);
      expect((await send('POST', `/v1/analyses/${body.id}/cancel`, undefined, as)).status).toBe(changed);
      expect((await send('DELETE', `/v1/analyses/${body.id}`, undefined, as)).status).toBe(changed);
    }
    expect((await send('POST', '/v1/analyses', { repository_id: id }, stranger)).status).toBe(404);
    expect((await send('GET', '/v1/analyses', undefined, stranger)).body.data).toEqual([]);
    expect((await send('DELETE', `/v1/analyses/${body.id}`)).status).toBe(204);
    expect((await send('POST', '/v1/analyses', { repository_id: id }, other)).status).toBe(201);
  });
});
