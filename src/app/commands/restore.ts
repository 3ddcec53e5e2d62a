import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  type BackupRecord,
  finishRestore,
  type RestoreResult,
  restoreFaultOf,
} from '../../features/operations/index.ts';
import { ArchiveError, findTenantBySlug, type JournalScope, readArchive } from '../../features/tenancy/index.ts';
import { loadConfig } from '../config.ts';
import { CommandError } from '../failures.ts';
import { migrateAll, prepareDatabase } from '../installation.ts';
import { jobsOf } from '../jobs.ts';
import { openCommandLog, openServices } from '../open.ts';
import type { Services } from '../services.ts';
import { LONG_STATEMENTS } from './backup.ts';
import { say, showProgress, tellSize, untilInterrupted } from './long-work.ts';

export type RestoreCommandOptions = { replace?: boolean; slug?: string; name?: string };

/**
 * `parley restore <backup>`, with no server on the database. A backup of everything goes into an empty database (or, by
 * `--replace`, over what is there); a backup of a tenant becomes a new tenant. Run it again when it was broken off.
 * Exit codes: 0 done; 1 refused, or the backup is not whole; 69 the database or the storage does not answer; 73 DATA_DIR cannot
 * be used or another process has it; 78 settings.
 */
export async function runRestore(id: string, options: RestoreCommandOptions): Promise<void> {
  const services = await openServices({ ...(await loadConfig()), ...LONG_STATEMENTS }, openCommandLog());
  try {
    const record = await services.backups.get(id);
    await assertReadable(services, record);
    if (record.tenant === null) await restoreAll(services, record, options);
    else await restoreTenant(services, record, options);
  } catch (error) {
    const fault = error instanceof ArchiveError ? error.message : restoreFaultOf(error);
    throw fault === null ? error : new CommandError(fault, 1);
  } finally {
    await services.documents.close();
    await services.database.close();
  }
}

/** To its end, before anything is touched. */
async function assertReadable({ backups }: Services, record: BackupRecord): Promise<void> {
  for await (const _ of backups.openArchive(record));
  say(`The backup ${record.id} opens and is whole: ${tellSize(record.bytes)}.`);
}

async function restoreAll(services: Services, record: BackupRecord, options: RestoreCommandOptions): Promise<void> {
  const start = performance.now();
  const result = await services.backups.restore(record, services.database, {
    replace: options.replace === true,
    signal: untilInterrupted(),
    onProgress: showProgress('schemas restored'),
  });
  say(`Restored and compared: ${result.tenants.length} tenants, ${result.rows} rows, all the same.`);
  await goOn(services, result);
  const lost = Math.round((services.clock.now().getTime() - Date.parse(record.taken_at)) / 1_000);
  const took = ((performance.now() - start) / 1_000).toFixed(1);
  say(`RTO: ${took} s. RPO: what was committed after ${record.taken_at}, in the last ${lost} s, is not in it.`);
}

/** Brings what was restored to this program, its jobs to the queue, and deletes again what was deleted after the backup. */
export async function goOn(services: Services, { jobs }: RestoreResult): Promise<void> {
  await migrateAll(services);
  await withQueue(services, async () => {
    await addJobs(services, jobs);
    await forgetAgain(services);
  });
  await finishRestore(services.database);
}

/** Jobs can be added, and nobody takes them. */
async function withQueue(services: Services, work: () => Promise<void>): Promise<void> {
  await services.queue.start(jobsOf(services), { work: false });
  try {
    await work();
  } finally {
    await services.queue.stop(1_000);
  }
}

async function addJobs(services: Services, jobs: RestoreResult['jobs']): Promise<void> {
  const { queue, database } = services;
  const names = new Set(jobsOf(services).map(({ name }) => name));
  await database.transaction(async (trx) => {
    for (const { name, data, singletonKey, startAfter } of jobs) {
      if (!names.has(name)) continue;
      const seconds = Math.max(0, Math.ceil((Date.parse(startAfter) - Date.now()) / 1_000));
      await queue.enqueue(trx, { name }, data, {
        ...(singletonKey !== null && { singletonKey }),
        ...(seconds > 0 && { startAfter: seconds }),
      });
    }
  });
}

/** `parley pitr forget`: after a restore to a moment, once the database answers again and before servers start. */
export async function runForgetAgain(): Promise<void> {
  const services = await openServices({ ...(await loadConfig()), ...LONG_STATEMENTS }, openCommandLog());
  try {
    await prepareDatabase(services);
    await withQueue(services, () => forgetAgain(services));
    say('What the journal names is deleted.');
  } finally {
    await services.documents.close();
    await services.database.close();
  }
}

/** What was deleted after the backup was made is deleted again, by the journal outside of the database. */
async function forgetAgain({ forgetting }: Services, scope?: JournalScope): Promise<void> {
  const { applied, deleted, tenants } = await forgetting.applyJournal(untilInterrupted(), scope);
  if (applied > 0) say(`Forgotten again: ${applied} deletions from after the backup, ${deleted} rows and files.`);
  for (const slug of tenants) say(`The tenant ${slug} had been deleted since, and is gone again.`);
}

async function restoreTenant(
  services: Services,
  record: BackupRecord,
  { slug, name }: RestoreCommandOptions,
): Promise<void> {
  await prepareDatabase(services);
  const folder = await mkdtemp(join(tmpdir(), 'parley-restore-'));
  try {
    const path = join(folder, 'archive');
    await pipeline(services.backups.openArchive(record), createWriteStream(path, { mode: 0o600 }));
    const { tenant, rows, missingMembers } = await readArchive(services.database, services.migrations, path, {
      slug,
      name,
    });
    const total = Object.values(rows).reduce((sum, count) => sum + count, 0);
    say(`The tenant ${tenant.slug} is restored: ${total} rows (${tenant.id}).`);
    // A tenant that is gone has no journal any more: whoever restores it has decided so.
    const original = record.tenant === null ? undefined : await findTenantBySlug(services.database.db, record.tenant);
    if (original && original.id !== tenant.id) {
      await withQueue(services, () => forgetAgain(services, { tenant, journalOf: original.id }));
    }
    if (missingMembers.length > 0) say(`Without an account here, so not in it: ${missingMembers.join(', ')}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
