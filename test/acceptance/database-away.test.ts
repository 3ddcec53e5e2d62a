import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Outage } from '../../src/platform/database/connection-gate.ts';
import { isDatabaseAway } from '../../src/platform/database/failures.ts';
import { openServerDatabase } from '../../src/platform/database/server-database.ts';
import { withDatabase } from '../support/databases/server-template.ts';
import { testDatabases } from '../support/databases.ts';
import { doorTo } from '../support/door.ts';
import { startParley } from '../support/parley-process.ts';
import { asClient, type Cluster, startCluster } from '../support/postgres/cluster.ts';
import { findPostgres, type PostgresInstallation } from '../support/postgres/installation.ts';
import { RAISED_LIMITS } from '../support/raised-limits.ts';
import { openReceiver, reportsIn } from '../support/receivers.ts';

const installation = await findPostgres();
const AWAY_MS = 1_500;
/** As many as set out together, then at 0.1, 0.3, 0.7 and 1.5 s, each wait a quarter less or more; the listener’s one, too. */
const POOL_SIZE = 5;
const MOST_ATTEMPTS = POOL_SIZE + 7;

describe.skipIf(typeof installation === 'string')('a PostgreSQL that lets nobody in', { timeout: 120_000 }, () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster(installation as PostgresInstallation, { log_connections: 'on' });
  }, 120_000);
  afterAll(() => cluster?.stop());

  const superuser = (statement: string) => asClient(cluster.superuser, (client) => client.query(statement));
  const OURS = `FROM pg_stat_activity WHERE application_name LIKE 'parley-away%'`;
  const endAll = () => superuser(`SELECT pg_terminate_backend(pid) ${OURS}`);
  const received = async () =>
    (await readFile(join(cluster.folder, 'server.log'), 'utf8')).split('connection received: host=127.0.0.1').length;

  function open(url: string) {
    const told: { away: Outage[]; back: Outage[] } = { away: [], back: [] };
    const database = openServerDatabase({
      url,
      poolSize: POOL_SIZE,
      poolTimeout: 10_000,
      statementTimeout: 30_000,
      prepareStatements: true,
      applicationName: 'parley-away',
      onError: () => undefined,
      outage: { onAway: (outage) => told.away.push(outage), onBack: (outage) => told.back.push(outage) },
    });
    onTestFinished(() => database.close());
    return { database, told };
  }

  /** Ten callers that ask without rest, as loops and requests of a busy process do; how often each was refused, and why. */
  async function storm(database: ReturnType<typeof openServerDatabase>, ms: number) {
    const until = performance.now() + ms;
    const errors: unknown[] = [];
    let longest = 0;
    const caller = async () => {
      while (performance.now() < until) {
        const began = performance.now();
        await database.execute('SELECT 1').catch((error: unknown) => errors.push(error));
        longest = Math.max(longest, performance.now() - began);
        await setTimeout(5);
      }
    };
    await Promise.all(Array.from({ length: 10 }, caller));
    return { errors, longest };
  }

  const SHUT: [string, string, string, string][] = [
    [
      'the database is gone',
      '3D000',
      'ALTER DATABASE away_3d000 RENAME TO gone',
      'ALTER DATABASE gone RENAME TO away_3d000',
    ],
    ['the password is another', '28P01', `ALTER ROLE parley PASSWORD 'other'`, 'the former password'],
    ['there are too many', '53300', 'ALTER ROLE parley CONNECTION LIMIT 0', 'ALTER ROLE parley CONNECTION LIMIT -1'],
  ];
  test.each(SHUT)('because %s (%s) is asked a few times only, and serves as soon as it can', async (...scene) => {
    const [, code, shut, reopen] = scene;
    const name = `away_${code.toLowerCase()}`;
    await superuser(`CREATE DATABASE ${name} OWNER parley`);
    const { database, told } = open(withDatabase(cluster.url, name));
    await database.execute('SELECT 1');
    await database.listen('parley_away', () => undefined);
    // A database that is in use cannot be renamed.
    if (code === '3D000') await superuser(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await endAll();
    await vi.waitFor(async () => {
      const { rows } = await superuser(`SELECT 1 ${OURS}`);
      expect(rows).toEqual([]);
    });
    const { password } = new URL(cluster.url);
    const restore = reopen.startsWith('ALTER') ? reopen : `ALTER ROLE parley PASSWORD '${password}'`;
    onTestFinished(() => superuser(restore).then(undefined, () => undefined));
    await superuser(shut);
    const before = await received();
    const { errors, longest } = await storm(database, AWAY_MS);
    const attempts = (await received()) - before;
    expect(errors.length).toBeGreaterThan(100);
    expect(errors.every(isDatabaseAway)).toBe(true);
    expect(errors.at(-1)).toMatchObject({ code });
    expect(attempts).toBeLessThanOrEqual(MOST_ATTEMPTS);
    expect(longest).toBeLessThan(AWAY_MS);
    expect(told.away).toHaveLength(1);

    await superuser(restore);
    if (code === '3D000') await superuser(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    const began = performance.now();
    await vi.waitFor(() => database.execute('SELECT 1'), { timeout: 20_000, interval: 20 });
    expect(performance.now() - began).toBeLessThan(5_000);
    expect((await storm(database, 300)).errors).toEqual([]);
    expect(told.back).toHaveLength(1);
  });

  test('any more has those wait for one that is open who find none, and refuses no one', async () => {
    const { database } = open(cluster.url);
    await database.execute('SELECT 1');
    await superuser('ALTER ROLE parley CONNECTION LIMIT 1');
    onTestFinished(async () => {
      await superuser('ALTER ROLE parley CONNECTION LIMIT -1');
    });
    // The first that ask beside the open connection learn of it.
    await Promise.allSettled(Array.from({ length: 5 }, () => database.execute('SELECT pg_sleep(0.05)')));
    const before = await received();
    const { errors } = await storm(database, 1_000);
    expect(errors.length).toBeLessThanOrEqual(6);
    expect((await received()) - before).toBeLessThanOrEqual(MOST_ATTEMPTS);
  });
});

test('an address where nothing listens any more is knocked at a few times only', async () => {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  const database = openServerDatabase({
    url: `postgres://a:b@127.0.0.1:${port}/c`,
    poolSize: 5,
    poolTimeout: 10_000,
    statementTimeout: 30_000,
    prepareStatements: true,
    applicationName: 'parley-away',
    onError: () => undefined,
  });
  onTestFinished(() => database.close());
  for (const _ of [1, 2]) {
    const refused = await database.execute('SELECT 1').catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'ECONNREFUSED' });
    expect(isDatabaseAway(refused)).toBe(true);
  }
});

test.skipIf(typeof installation === 'string')(
  'a server without its database knocks seldom, says so once, answers at once, and serves again by itself',
  { timeout: 240_000 },
  async () => {
    const opened = await testDatabases().at(-1)?.open();
    if (!opened?.url) return expect.fail('There is no server database to try it on.');
    onTestFinished(() => opened.close());
    const door = await doorTo(opened.url);
    onTestFinished(() => void door.close());
    const folder = await mkdtemp(join(tmpdir(), 'parley-away-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const sentry = await openReceiver();
    onTestFinished(() => sentry[Symbol.asyncDispose]());
    const settings = {
      ...RAISED_LIMITS,
      DATA_DIR: folder,
      DATABASE_URL: door.url,
      LOG_LEVEL: 'info',
      LOG_FORMAT: 'json',
      WORKER_LEASE_MS: '1500',
      DATABASE_POOL_SIZE: String(POOL_SIZE),
      SENTRY_DSN: `${sentry.origin.replace('://', '://key@')}/7`,
    };
    const program = startParley(settings);
    onTestFinished(() => program.kill());
    const address = await program.address();
    expect((await fetch(`${address}/health`)).status).toBe(200);

    door.shut();
    const [knocksBefore, linesBefore] = [door.knocks(), program.output().length];
    const began = performance.now();
    const away = () => performance.now() - began;
    const statuses = new Set<number>();
    let longest = 0;
    let health = 0;
    while (away() < 4_000) {
      const asked = performance.now();
      statuses.add((await fetch(`${address}/v1/auth/login`, login())).status);
      health = (await fetch(`${address}/health`)).status;
      longest = Math.max(longest, performance.now() - asked);
      await setTimeout(50);
    }
    const seconds = away() / 1_000;
    // As many as set out together at the loss, then at growing distances: not ten in each second.
    expect(door.knocks() - knocksBefore).toBeLessThanOrEqual(MOST_ATTEMPTS + 2 + seconds);
    expect([[...statuses], health]).toEqual([[503], 503]);
    expect(longest).toBeLessThan(4_000);
    const lines = linesIn(program.output().slice(linesBefore)).filter(({ level }) => level !== 'info');
    expect(lines.filter(({ msg }) => msg === 'the database cannot be reached')).toHaveLength(1);
    // With what broke under way when it was lost.
    expect(lines.length).toBeLessThanOrEqual(12);
    expect(reportsIn(sentry).filter(({ message }) => /cannot be reached/.test(message.formatted))).toHaveLength(1);
    expect(reportsIn(sentry).length).toBeLessThanOrEqual(8);

    door.open();
    const opening = performance.now();
    const isWell = async () => expect((await fetch(`${address}/health`)).status).toBe(200);
    await vi.waitFor(isWell, { timeout: 30_000, interval: 50 });
    expect(performance.now() - opening).toBeLessThan(10_000);
    expect(linesIn(program.output()).filter(({ msg }) => msg === 'the database can be reached again')).toHaveLength(1);
    expect((await fetch(`${address}/v1/auth/login`, login())).status).toBe(401);
    await program.stop();
  },
);

function login(): RequestInit {
  const body = JSON.stringify({ email: 'nobody@example.org', password: 'not the password' });
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body };
}

function linesIn(output: string): Record<string, unknown>[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
