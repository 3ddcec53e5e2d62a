import { openDatabase } from '../platform/database/open-database.ts';
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

/** Opens the database and builds the services on it. The caller closes `services.database`. */
export async function openServices(config: Config, log: Logger): Promise<Services> {
  const database = await openDatabase({
    url: config.databaseUrl,
    embeddedFolder: config.dataDir,
    poolSize: config.databasePoolSize,
    poolTimeout: config.databasePoolTimeout,
    statementTimeout: config.statementTimeout,
    prepareStatements: config.prepareStatements,
    applicationName: 'parley',
    // The embedded database does not come back by itself: the process must be started again.
    onError: (error) =>
      config.databaseUrl === null ? fail(error) : log.error({ err: error }, 'a database connection broke'),
  });
  return createServices(config, log, database);
}
