import type { Database } from '../platform/database/database.ts';
import { openDatabase } from '../platform/database/open-database.ts';
import { openServerDatabase } from '../platform/database/server-database.ts';
import type { SlowStatement, SlowStatements } from '../platform/database/slow-statements.ts';
import { createLog, type Logger } from '../platform/telemetry/log.ts';
import type { Tracing } from '../platform/telemetry/tracing.ts';
import type { Config } from './config.ts';
import { brokenConnections, outageLines } from './database-lines.ts';
import { fail } from './failures.ts';
import { createServices, type Services } from './services.ts';

/** For commands that a person waits for: what they must know is told as the command's own answer. */
export function openCommandLog(): Logger {
  return createLog({ level: 'error', pretty: process.stderr.isTTY });
}

/** Opens the database and builds the services on it. The caller closes `services.database`, and `services.reads`
 * where it used them. */
export async function openServices(config: Config, log: Logger, tracing: Tracing | null = null): Promise<Services> {
  let count = 0;
  const onSlow = ({ text: statement, milliseconds, failed }: SlowStatement) => {
    count += 1;
    log.warn({ statement, duration_ms: milliseconds, ...(failed && { failed }) }, 'a statement was slow');
  };
  const slow = config.slowQueryMs === 0 ? null : { over: config.slowQueryMs, onSlow };
  const onBroken = brokenConnections(log.error.bind(log), 'a database connection broke');
  const database = await openDatabase({
    ...connectionOptions(config),
    url: config.databaseUrl,
    directUrl: config.databaseDirectUrl,
    embeddedFolder: config.dataDir,
    applicationName: 'parley',
    slow,
    // The embedded database does not come back by itself: the process must be started again.
    onError: (error) => (config.databaseUrl === null ? fail(error) : onBroken(error)),
    outage: outageLines('the database', log, 'error'),
  });
  const replica = openReplica(config, log, slow);
  return createServices(config, log, database, { replica, tracing, slowStatements: () => count });
}

const MOST_REPLICA_WAIT_MS = 2_000;

function openReplica(config: Config, log: Logger, slow: SlowStatements | null): Database | undefined {
  const { databaseUrl, databaseReplicaUrl: url } = config;
  if (databaseUrl === null || url === null) return undefined;
  const onError = brokenConnections(log.warn.bind(log), 'a connection to the replica broke');
  const outage = outageLines('the replica', log, 'warn');
  const options = connectionOptions(config);
  // Who does without it must not wait long for it.
  const poolTimeout = Math.min(options.poolTimeout, MOST_REPLICA_WAIT_MS);
  return openServerDatabase({ ...options, poolTimeout, url, slow, applicationName: 'parley:replica', onError, outage });
}

function connectionOptions(config: Config) {
  return {
    poolSize: config.databasePoolSize,
    poolTimeout: config.databasePoolTimeout,
    statementTimeout: config.statementTimeout,
    prepareStatements: config.prepareStatements,
  };
}
