import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  asClient,
  type Cluster,
  REPLICATED,
  startCluster,
  startReplica,
} from '../../../test/support/postgres/cluster.ts';
import { findPostgres, type PostgresInstallation } from '../../../test/support/postgres/installation.ts';
import type { Database } from './database.ts';
import { createReplicaReads, type ReplicaReads } from './replica.ts';
import { openServerDatabase } from './server-database.ts';

const installation = await findPostgres();
const WAIT = { timeout: 60_000, interval: 50 };

test('without a replica everything is read from the one database there is', async () => {
  const primary = { kind: 'server' } as Database;
  const reads = createReplicaReads({ primary, replica: null, mostLag: 1 });
  expect(await reads.read(async (database) => database === primary)).toBe(true);
  expect(await reads.lag()).toBeNull();
  await reads.check();
});

describe.skipIf(typeof installation === 'string')('a replica of PostgreSQL', { timeout: 120_000 }, () => {
  let cluster: Cluster;
  let follower: Awaited<ReturnType<typeof startReplica>>;
  let primary: Database;
  let reads: ReplicaReads;

  const open = (url: string) =>
    openServerDatabase({
      url,
      poolSize: 3,
      poolTimeout: 5_000,
      statementTimeout: 30_000,
      prepareStatements: true,
      applicationName: 'parley-test-replica',
      onError: () => undefined,
    });

  beforeAll(async () => {
    cluster = await startCluster(installation as PostgresInstallation, REPLICATED);
    follower = await startReplica(installation as PostgresInstallation, cluster);
    primary = open(cluster.url);
    await asClient(cluster.superuser, (client) => client.query('CREATE SCHEMA said AUTHORIZATION parley'));
    await primary.execute('CREATE TABLE said.word (text text)');
    reads = createReplicaReads({ primary, replica: open(follower.url), mostLag: 0.5 });
  }, 240_000);
  afterAll(async () => {
    await reads.close();
    await primary.close();
    await follower.stop();
    await cluster.stop();
  });

  const write = (word: string) => primary.execute('INSERT INTO said.word VALUES ($1)', [word]);
  const source = async () => {
    const { rows } = await reads.read((database) => database.execute('SELECT pg_is_in_recovery() AS copied'));
    return rows[0]?.copied ? 'replica' : 'primary';
  };
  const words = async () => {
    const { rows } = await reads.read((database) => database.execute('SELECT text FROM said.word ORDER BY text'));
    return rows.map(({ text }) => text);
  };
  const replay = (act: 'pause' | 'resume') =>
    asClient(follower.superuser, (client) => client.query(`SELECT pg_wal_replay_${act}()`));

  test('is read from while it is near, and has what was written', async () => {
    await write('first');
    await expect.poll(words, WAIT).toEqual(['first']);
    await expect.poll(source, WAIT).toBe('replica');
    await expect.poll(() => reads.lag(), WAIT).toBe(0);
    await reads.check();
  });

  test('refuses what is not only read, and the answer is not the primary’s to give', async () => {
    const writing = reads.read((database) => database.execute("INSERT INTO said.word VALUES ('lost')"));
    await expect(writing).rejects.toThrow('read-only');
  });

  test('is left alone while it lags, which its check says, and read from again when it has caught up', async () => {
    await replay('pause');
    await write('second');
    await expect.poll(() => reads.lag(), WAIT).toBeGreaterThan(0.5);
    await expect(reads.check()).rejects.toThrow(/behind, 0\.5 s may be: reads go to the primary/);
    await expect.poll(source, WAIT).toBe('primary');
    expect(await words()).toEqual(['first', 'second']);
    await replay('resume');
    await expect.poll(source, WAIT).toBe('replica');
    expect(await words()).toEqual(['first', 'second']);
    await reads.check();
  });

  test('that does not answer how far it is holds up no read but the first', async () => {
    let hangs = false;
    const execute: Database['execute'] = (...query) =>
      hangs ? new Promise<never>(() => undefined) : primary.execute(...query);
    const slow = createReplicaReads({ primary, replica: { ...primary, execute }, mostLag: 60, fresh: 0 });
    const read = () => slow.read(async () => 'read');
    expect(await read()).toBe('read');
    hangs = true;
    for (const _ of [1, 2, 3]) expect(await read()).toBe('read');
  });

  test('that goes away costs no read an error', async () => {
    await expect.poll(source, WAIT).toBe('replica');
    await follower.stop();
    expect(await source()).toBe('primary');
    expect(await words()).toEqual(['first', 'second']);
    await expect(reads.check()).rejects.toThrow();
  });
});
