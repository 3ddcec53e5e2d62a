import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pgbouncerProgram, startPgBouncer } from '../../../test/support/pgbouncer.ts';
import {
  asClient,
  type Cluster,
  REPLICATED,
  startCluster,
  startReplica,
} from '../../../test/support/postgres/cluster.ts';
import { findPostgres, type PostgresInstallation } from '../../../test/support/postgres/installation.ts';
import type { Database } from '../../platform/database/database.ts';
import { openServerDatabase } from '../../platform/database/server-database.ts';
import { readConfig } from '../config.ts';
import { checkOtherDatabases } from './check-other-databases.ts';

const installation = await findPostgres();
const AWAY = 'postgres://nobody@127.0.0.1:1/none';

describe.skipIf(typeof installation === 'string')('the addresses beside DATABASE_URL', { timeout: 120_000 }, () => {
  let cluster: Cluster;
  let follower: Awaited<ReturnType<typeof startReplica>>;

  beforeAll(async () => {
    cluster = await startCluster(installation as PostgresInstallation, REPLICATED);
    follower = await startReplica(installation as PostgresInstallation, cluster);
    await asClient(cluster.superuser, async (client) => {
      await client.query('CREATE DATABASE other');
      await client.query("CREATE ROLE guest LOGIN PASSWORD 'guest'");
    });
  }, 240_000);
  afterAll(async () => {
    await follower.stop();
    await cluster.stop();
  });

  /** What is found with these settings, a line each. */
  async function found(settings: { url?: string; direct?: string; replica?: string }): Promise<string[]> {
    const url = settings.url ?? cluster.url;
    const config = readConfig({
      DATABASE_URL: url,
      DATABASE_DIRECT_URL: settings.direct ?? '',
      DATABASE_REPLICA_URL: settings.replica ?? '',
      DATABASE_REPLICA_MAX_LAG_SECONDS: '0.5',
    });
    const opened: Database[] = [];
    const primary = open(url);
    const connect = async (address: string) => {
      const database = open(address);
      opened.push(database);
      return database;
    };
    const findings = await checkOtherDatabases(config, { primary, connect });
    await primary.close();
    for (const database of opened) await expect(database.execute('SELECT 1')).rejects.toThrow();
    return findings.map(({ kind, text }) => `${kind} ${text}`);
  }

  test('nothing is said where there are none', async () => {
    expect(await found({})).toEqual([]);
  });

  test('around a pooler: the same database, as the same role', async () => {
    expect(await found({ direct: cluster.url })).toEqual(['ok DATABASE_DIRECT_URL is the same database, directly']);
    const other = new URL(cluster.url);
    other.pathname = '/other';
    expect(await found({ direct: other.href })).toEqual([
      'fault DATABASE_DIRECT_URL is another database than DATABASE_URL',
    ]);
    const guest = new URL(cluster.url);
    guest.username = 'guest';
    guest.password = 'guest';
    expect(await found({ direct: guest.href })).toEqual([
      'fault DATABASE_DIRECT_URL logs in as guest, DATABASE_URL as parley: use one role',
    ]);
    expect(await found({ direct: AWAY })).toEqual([
      'fault DATABASE_DIRECT_URL: The database does not answer (ECONNREFUSED). Check it.',
    ]);
  });

  test.skipIf(pgbouncerProgram === null)('a pooler that nothing goes around, or that is named twice', async () => {
    const pooler = await startPgBouncer(cluster.url, { poolSize: 4 });
    try {
      const [said] = await found({ url: pooler.url });
      expect(said).toContain('fault DATABASE_URL is a pooler in transaction mode: set DATABASE_DIRECT_URL');
      expect(await found({ url: pooler.url, direct: pooler.url })).toEqual([
        'fault DATABASE_DIRECT_URL is a pooler in transaction mode: name the PostgreSQL server itself',
      ]);
      expect(await found({ url: pooler.url, direct: cluster.url })).toEqual([
        'ok DATABASE_DIRECT_URL is the same database, directly',
      ]);
    } finally {
      await pooler.stop();
    }
  });

  test('a replica: a standby of this database, and how near it is', async () => {
    const near = ['ok DATABASE_REPLICA_URL is a hot standby of the database, and near'];
    await expect.poll(() => found({ replica: follower.url }), { timeout: 60_000 }).toEqual(near);
    expect(await found({ replica: cluster.url })).toEqual([
      'fault DATABASE_REPLICA_URL is no hot standby: all reads would go to DATABASE_URL',
    ]);
    expect(await found({ replica: AWAY })).toEqual([
      'fault DATABASE_REPLICA_URL: The database does not answer (ECONNREFUSED). Check it.',
    ]);
    const replay = (act: 'pause' | 'resume') =>
      asClient(follower.superuser, (client) => client.query(`SELECT pg_wal_replay_${act}()`));
    await replay('pause');
    await asClient(cluster.superuser, (client) => client.query('CREATE SCHEMA later'));
    await expect
      .poll(() => found({ replica: follower.url }), { timeout: 60_000 })
      .toEqual([expect.stringMatching(/^warning DATABASE_REPLICA_URL: the replica is \S+ s behind, 0\.5 s may be/)]);
    await replay('resume');
  });
});

function open(url: string): Database {
  return openServerDatabase({
    url,
    poolSize: 1,
    poolTimeout: 5_000,
    statementTimeout: 30_000,
    prepareStatements: false,
    applicationName: 'parley-test-env',
    onError: () => undefined,
  });
}
