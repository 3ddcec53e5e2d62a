import type { Database } from '../platform/database/database.ts';
import { openDatabase } from '../platform/database/open-database.ts';
import { openServerDatabase } from '../platform/database/server-database.ts';
import { createLog, type Logger } from '../platform/telemetry/log.ts';
import type { Config } from './config.ts';
import { fail } from './failures.ts';
import { createServices, type Services } from './services.ts';

export function openLog(config: Config): Logger {
  const format = config.logFormat ?? (process.stderr.isTTY ? 'pretty' : 'json');
  return createLog({ level: config.logLevel === 'warning' ? 'warn' : config.logLevel, pretty: format === 'pretty' });
}

/** For commands that a person waits for: what they must know is told as the command's own answer. */
export function openCommandLog(): Logger {
  return createLog({ level: 'error', pretty: process.stderr.isTTY });
}

/** Opens the database and builds the services on it. The caller closes `services.database`, and `services.reads`
 * where it used them. */
export async function openServices(config: Config, log: Logger): Promise<Services> {
  const database = await openDatabase({
    ...connectionOptions(config),
    url: config.databaseUrl,
    directUrl: config.databaseDirectUrl,
    embeddedFolder: config.dataDir,
    applicationName: 'parley',
    // The embedded database does not come back by itself: the process must be started again.
    onError: (error) =>
      config.databaseUrl === null ? fail(error) : log.error({ err: error }, 'a database connection broke'),
  });
  const replica = openReplica(config, log);
  return createServices(config, log, database, { replica });
}

const MOST_REPLICA_WAIT_MS = 2_000;

function openReplica(config: Config, log: Logger): Database | undefined {
  const { databaseUrl, databaseReplicaUrl: url } = config;
  if (databaseUrl === null || url === null) return undefined;
  const onError = (error: Error) => log.warn({ err: error }, 'a connection to the replica broke');
  const options = connectionOptions(config);
  // Who does without it must not wait long for it.
  const poolTimeout = Math.min(options.poolTimeout, MOST_REPLICA_WAIT_MS);
  return openServerDatabase({ ...options, poolTimeout, url, applicationName: 'parley:replica', onError });
}

function connectionOptions(config: Config) {
  return {
    poolSize: config.databasePoolSize,
    poolTimeout: config.databasePoolTimeout,
    statementTimeout: config.statementTimeout,
    prepareStatements: config.prepareStatements,
  };
}
