import { createHash, randomBytes } from 'node:crypto';
import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copyInstallation, restoreFaultOf } from '../../features/operations/index.ts';
import { type Config, loadConfig } from '../config.ts';
import { CommandError, EXIT } from '../failures.ts';
import { PROMOTED_FILE, PROMOTION, prepareDatabase } from '../installation.ts';
import { openCommandLog, openServices } from '../open.ts';
import { LONG_STATEMENTS } from './backup.ts';
import { say, showProgress, untilInterrupted } from './long-work.ts';
import { goOn } from './restore.ts';

/**
 * `parley promote`: moves the embedded installation in DATA_DIR to the empty PostgreSQL database of DATABASE_URL, and compares
 * both table by table. Neither may be served meanwhile. The old database stays as it was, and is not served any more. Run it
 * again when it was broken off: it begins anew.
 * Exit codes: as `parley restore`.
 */
export async function runPromote({ replace }: { replace?: boolean }): Promise<void> {
  const config = { ...(await loadConfig()), ...LONG_STATEMENTS };
  if (config.databaseUrl === null) {
    throw new CommandError(
      'Name the server to move to in DATABASE_URL, such as postgres://user:…@host/name.',
      EXIT.config,
    );
  }
  await access(join(config.dataDir, 'postgres')).catch(() => {
    throw new CommandError(`There is no embedded database in ${config.dataDir}; DATA_DIR names its folder.`, 1);
  });
  const source = await openServices({ ...config, databaseUrl: null }, openCommandLog());
  try {
    await prepareDatabase(source);
    await move(config, source.database, replace === true);
  } catch (error) {
    const fault = restoreFaultOf(error);
    throw fault === null ? error : new CommandError(fault, 1);
  } finally {
    await source.documents.close();
    await source.database.close();
  }
}

async function move(config: Config, source: Parameters<typeof copyInstallation>[0], replace: boolean): Promise<void> {
  const start = performance.now();
  const target = await openServices(config, openCommandLog());
  try {
    const signal = untilInterrupted();
    const backup = PROMOTION + randomBytes(8).toString('hex');
    const { read, restored } = await copyInstallation(
      source,
      target.database,
      target.migrations,
      { program: 'promote', signal },
      { backup, replace, signal, onProgress: showProgress('schemas moved') },
    );
    await goOn(target, restored);
    await writeFile(join(config.dataDir, PROMOTED_FILE), `${JSON.stringify({ at: read.takenAt, rows: read.rows })}\n`);
    const tables = Object.values(read.sums).flatMap((sums) => Object.values(sums)).length;
    const sum = createHash('sha256').update(JSON.stringify(read.sums)).digest('hex');
    say(
      `Moved and compared: ${read.schemas - 1} tenants, ${tables} tables, ${read.rows} rows, ${read.jobs} waiting jobs.`,
    );
    say(`Every table has the same rows on both sides; the SHA-256 of all sums is ${sum}.`);
    say(`It took ${((performance.now() - start) / 1_000).toFixed(1)} s. ${tellNext(config)}`);
  } finally {
    await target.documents.close();
    await target.database.close();
  }
}

function tellNext({ secretKey, dataDir }: Config): string {
  const secret = secretKey === null ? `Give every server the content of ${join(dataDir, 'secret')} as SECRET_KEY` : '';
  const folders = `keep the folders cold, forgotten and backups of ${dataDir}, or name storage that all servers share`;
  return secret === '' ? `Now ${folders}.` : `${secret}; ${folders}.`;
}
