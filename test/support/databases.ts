import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { test } from 'vitest';
import type { Database } from '../../src/platform/database/database.ts';
import { openEmbeddedDatabase } from '../../src/platform/database/embedded/open-embedded-database.ts';
import { overEmbedded } from '../../src/platform/database/open-database.ts';
import { openServerDatabase } from '../../src/platform/database/server-database.ts';
import { INSTALLED_SECRET } from './databases/installation-template.ts';
import { withDatabase } from './databases/server-template.ts';
import { ask, databaseSource } from './databases/source.ts';
import { asClient } from './postgres/cluster.ts';

/** An installed database without tenants, of one test file's own. */
export type TestDatabase = {
  readonly database: Database;
  /** For further connections, or another process; null on the embedded database, which has but one. */
  readonly url: string | null;
  /** Closes it and removes it. */
  close(): Promise<void>;
};

export type TestDatabaseKind = {
  readonly kind: Database['kind'];
  /** Takes about 0.1 s on the server and 0.6 s embedded, and some seconds more once in a run. */
  open(): Promise<TestDatabase>;
};

/**
 * The databases that a suite must pass on:
 * `describe.each(testDatabases())('sessions on the $kind database', ({ open }) => …)`, with `open` in `beforeAll`.
 * Where the machine has no server database, a skipped test stands for the suite's other half, so that it is counted.
 */
export function testDatabases(): readonly TestDatabaseKind[] {
  const { missing } = databaseSource();
  if (missing === null) return [embedded, server];
  test.skip(`on the server database (${missing})`, () => undefined);
  return [embedded];
}

/**
 * For suites of what has no SQL of its own, as dialects and routes, whose features are tried on both: the server database, which
 * costs less; the embedded one where there is no server. To be used as `testDatabases()`.
 */
export function anyTestDatabase(): readonly TestDatabaseKind[] {
  return [databaseSource().missing === null ? server : embedded];
}

const embedded: TestDatabaseKind = {
  kind: 'embedded',
  open: async () => {
    const { dump } = await ask('embedded');
    const opened = await openEmbeddedDatabase({
      dataDir: null,
      dump: await readFile(dump),
      durable: false,
      onFatal: failTest,
    });
    const database = overEmbedded(opened);
    return { database, url: null, close: () => database.close() };
  },
};

const server: TestDatabaseKind = {
  kind: 'server',
  open: async () => cloneOf((await ask('server')).template),
};

/** A server database as the program's first start leaves it behind, its own guides read, sealed with `secret`. For tests of
 * what comes later, as `installInto` on the embedded one; only where `testDatabases()` has a server. */
export async function openInstalledServer(): Promise<
  TestDatabase & { credential: { email: string; password: string }; secret: string }
> {
  const { template, credential } = await ask('serverInstallation');
  return { ...(await cloneOf(template)), credential, secret: INSTALLED_SECRET };
}

async function cloneOf(template: string): Promise<TestDatabase> {
  const { admin } = await ask('server');
  const name = databaseSource().prefix + randomBytes(4).toString('hex');
  const quoted = pg.escapeIdentifier(name);
  await asClient(admin, (client) =>
    client.query(`CREATE DATABASE ${quoted} TEMPLATE ${pg.escapeIdentifier(template)}`),
  );
  const url = withDatabase(admin, name);
  let closing = false;
  // Once closing, the server may end connections that the pool has not quite let go of.
  const onError = (error: Error) => (closing ? undefined : failTest(error));
  const database = openServerDatabase({ url, ...SERVER_OPTIONS, onError });
  const close = async () => {
    closing = true;
    await database.close();
    await drop(admin, quoted);
  };
  return { database, url, close };
}

const INSUFFICIENT_PRIVILEGE = '42501';
const DROP_TRIES = 50;

/** No one but a superuser may end a worker of autovacuum that is just there. It ends by itself. */
async function drop(admin: string, quoted: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await asClient(admin, (client) => client.query(`DROP DATABASE ${quoted} WITH (FORCE)`));
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== INSUFFICIENT_PRIVILEGE || tries === DROP_TRIES) throw error;
      await setTimeout(100);
    }
  }
}

const SERVER_OPTIONS = {
  poolSize: 10,
  poolTimeout: 10_000,
  statementTimeout: 30_000,
  prepareStatements: true,
  applicationName: 'parley-test',
};

/** Thrown outside any test, so that vitest reports it and the run fails. */
function failTest(error: Error): void {
  throw error;
}
