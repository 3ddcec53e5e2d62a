import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BackupRecord, restoreFaultOf } from '../../features/operations/index.ts';
import { findTenantBySlug } from '../../features/tenancy/index.ts';
import type { Database } from '../../platform/database/database.ts';
import { openDatabase } from '../../platform/database/open-database.ts';
import { type Config, loadConfig } from '../config.ts';
import { CommandError } from '../failures.ts';
import { prepareDatabase } from '../installation.ts';
import { openCommandLog, openServices } from '../open.ts';
import type { Services } from '../services.ts';
import { say, showProgress, tellSize, untilInterrupted } from './long-work.ts';

/**
 * `parley backup …`. The embedded database must not be served meanwhile; its server makes backups by BACKUP_SCHEDULE.
 * Exit codes: 0 done; 1 no such backup or tenant, or a backup that is not whole; 69 the database or the storage does not answer;
 * 73 DATA_DIR cannot be used or another process has it; 78 settings.
 */

/** Statements over whole tables take long. */
export const LONG_STATEMENTS = { statementTimeout: 3_600_000 } as const;

export async function runBackup(options: { tenant?: string; keep?: string; verify?: boolean }): Promise<void> {
  if (options.keep !== undefined && !/^[1-9]\d{0,4}$/.test(options.keep)) {
    throw new CommandError('--keep must be a whole number from 1, such as 7.', 2);
  }
  await withServices(async (services) => {
    await prepareDatabase(services);
    const record = await make(services, options.tenant);
    const { id, bytes, seconds, taken_at } = record;
    say(`The backup ${id} is in ${services.backups.location}: ${tellSize(bytes)}, made in ${seconds} s.`);
    say(`It holds what was committed until ${taken_at} (RPO: what came after would be lost).`);
    say(tellKey(services.config));
    if (options.verify) await verify(services, record, undefined);
    if (options.keep === undefined) return;
    for (const gone of await services.backups.prune(Number(options.keep))) say(`Removed: ${gone}`);
  });
}

/** `parley backup list`: the newest first. */
export async function runBackupList({ json }: { json?: boolean }): Promise<void> {
  await withServices(async ({ backups, clock }) => {
    const list = await backups.list();
    if (json) return say(JSON.stringify(list.map(({ parts: _, ...record }) => record)));
    if (list.length === 0) say(`There is no backup in ${backups.location}.`);
    for (const { id, taken_at, bytes, trial } of list) {
      const hours = ((clock.now().getTime() - Date.parse(taken_at)) / 3_600_000).toFixed(1);
      const tried = trial ? `restored for trial ${trial.at} in ${trial.seconds} s` : 'never restored for trial';
      say(`${id}\t${hours} h old\t${tellSize(bytes)}\t${tried}`);
    }
  });
}

/** `parley backup verify`: restores into a scratch database, and compares every table by its rows and their sum. */
export async function runBackupVerify(id: string | undefined, { scratch }: { scratch?: string }): Promise<void> {
  await withServices(async (services) => verify(services, await services.backups.get(id ?? 'latest'), scratch));
}

async function make(services: Services, slug: string | undefined): Promise<BackupRecord> {
  const signal = untilInterrupted();
  if (slug === undefined) return services.backups.make({ signal, onProgress: showProgress('schemas read') });
  const tenant = await findTenantBySlug(services.database.db, slug);
  if (!tenant) throw new CommandError(`There is no tenant "${slug}"; parley tenant list names them.`, 1);
  return services.backups.makeOfTenant(tenant, signal);
}

async function verify(services: Services, record: BackupRecord, scratchUrl: string | undefined): Promise<void> {
  const { backups, config } = services;
  if (record.tenant !== null) {
    for await (const _ of backups.openArchive(record));
    return say(`The backup ${record.id} of the tenant ${record.tenant} opens and is whole.`);
  }
  await withScratch(config, scratchUrl, async (scratch) => {
    const progress = { signal: untilInterrupted(), onProgress: showProgress('schemas restored') };
    const { rows, seconds } = await backups.tryOut(record, scratch, progress);
    say(`The backup ${record.id} was restored and compared: ${rows} rows, all the same (RTO: ${seconds} s).`);
  });
}

/** A database that is thrown away: an embedded one, or the empty one that is named. */
async function withScratch(
  config: Config,
  url: string | undefined,
  work: (scratch: Database) => Promise<void>,
): Promise<void> {
  const folder = url === undefined ? await mkdtemp(join(tmpdir(), 'parley-verify-')) : null;
  let broken: Error | null = null;
  try {
    const scratch = await openDatabase({
      url: url ?? null,
      embeddedFolder: folder,
      poolSize: 2,
      poolTimeout: config.databasePoolTimeout,
      prepareStatements: config.prepareStatements,
      applicationName: 'parley-verify',
      onError: (error) => {
        broken = error;
      },
      ...LONG_STATEMENTS,
    });
    await work(scratch).finally(() => scratch.close());
    if (broken) throw broken;
  } finally {
    if (folder !== null) await rm(folder, { recursive: true, force: true });
  }
}

function tellKey({ encryptionKeys, secretKey, dataDir }: Config): string {
  const key =
    encryptionKeys.length > 0
      ? 'the first of ENCRYPTION_KEYS'
      : secretKey !== null
        ? 'a key that follows from SECRET_KEY'
        : `a key that follows from ${join(dataDir, 'secret')}`;
  return `It is sealed with ${key}: keep that elsewhere, too. Without it nobody opens a backup.`;
}

async function withServices(work: (services: Services) => Promise<void>): Promise<void> {
  const services = await openServices({ ...(await loadConfig()), ...LONG_STATEMENTS }, openCommandLog());
  try {
    await work(services);
  } catch (error) {
    const fault = restoreFaultOf(error);
    throw fault === null ? error : new CommandError(fault, 1);
  } finally {
    await services.documents.close();
    await services.database.close();
  }
}
