import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../platform/clock.ts';
import type { Database } from '../../../platform/database/database.ts';
import type { Migration } from '../../../platform/database/migrations/migration.ts';
import type { JobDefinition } from '../../../platform/queue/queue.ts';
import type { SecretBox } from '../../../platform/secrets/secret-box.ts';
import type { ObjectStorage } from '../../../platform/storage/object-storage.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';
import type { Metrics } from '../../../platform/telemetry/metrics.ts';
import { LinePipe, unzipLines, zipLines } from '../../../platform/text/zipped-lines.ts';
import type { TenantRow, TenantSettings } from '../../tenancy/index.ts';
import { writeArchive } from '../../tenancy/index.ts';
import { BackupBrokenError } from './backup-lines.ts';
import { type BackupRecord, type BackupShelf, backupId, createBackupShelf, type RestoreTrial } from './backup-shelf.ts';
import { type ReadOptions, type ReadResult, readInstallation } from './read-installation.ts';
import { type RestoreOptions, type RestoreResult, restoreInstallation } from './restore-installation.ts';

type Progress = Pick<RestoreOptions, 'signal' | 'onProgress'>;

export type Backups = {
  readonly location: string;
  /** Everything, as it is at one moment. */
  make(progress: Progress): Promise<BackupRecord>;
  /** One tenant, as an archive: it can be made a tenant again in any installation with the same migrations and the key. */
  makeOfTenant(tenant: TenantRow, signal: AbortSignal): Promise<BackupRecord>;
  list(): ReturnType<BackupShelf['list']>;
  /** By its id, or `latest`. @throws BackupBrokenError where there is none */
  get(id: string): Promise<BackupRecord>;
  /** The bytes of a tenant's archive. @throws BackupBrokenError | SealBrokenError */
  openArchive(record: BackupRecord): AsyncIterable<Buffer>;
  /** Puts a whole backup into a database. @throws RestoreRefusedError | BackupBrokenError | SealBrokenError */
  restore(record: BackupRecord, target: Database, options: Omit<RestoreOptions, 'backup'>): Promise<RestoreResult>;
  /** Restores into a database that is thrown away, compares, and notes that and how long it took. */
  tryOut(record: BackupRecord, scratch: Database, progress: Progress): Promise<RestoreTrial>;
  /** Removes all whole backups but the newest `keep`, and what was never finished. Returns what went. */
  prune(keep: number): Promise<readonly string[]>;
  readonly jobs: readonly JobDefinition<never>[];
};

export type BackupDependencies = {
  database: Database;
  migrations: readonly Migration[];
  storage: ObjectStorage;
  box: SecretBox;
  clock: Clock;
  log: Logger;
  metrics: Pick<Metrics, 'backups' | 'lastBackup' | 'backupSeconds'>;
  settings: TenantSettings;
  program: string;
  /** Cron fields; null: no backup comes by itself. */
  schedule: string | null;
  /** Whole backups that stay. */
  keep: number;
};

export function createBackups(deps: BackupDependencies): Backups {
  const shelf = createBackupShelf(deps.storage, deps.box);
  const make = (progress: Progress) => counted(deps, () => makeWhole(deps, shelf, progress));
  const restore: Backups['restore'] = async (record, target, options) => {
    if (record.tenant !== null) throw new BackupBrokenError(`The backup ${record.id} is of one tenant.`);
    const lines = unzipLines(shelf.open(record));
    return restoreInstallation(target, deps.migrations, lines, { ...options, backup: record.id });
  };
  const prune: Backups['prune'] = async (keep) => {
    const whole = (await shelf.list()).filter(({ tenant }) => tenant === null);
    const old = whole.slice(keep).map(({ id }) => id);
    for (const id of old) await shelf.remove(id);
    return old;
  };

  return {
    location: shelf.location,
    make,
    restore,
    prune,
    list: shelf.list,
    openArchive: shelf.open,
    makeOfTenant: (tenant, signal) => makeOfTenant(deps, shelf, tenant, signal),
    get: async (id) => {
      const record =
        id === 'latest' ? (await shelf.list()).find(({ tenant }) => tenant === null) : await shelf.find(id);
      if (!record) throw new BackupBrokenError(`There is no backup ${id} in ${shelf.location}.`);
      return record;
    },
    tryOut: async (record, scratch, progress) => {
      const start = performance.now();
      const { rows } = await restore(record, scratch, { ...progress, replace: false });
      const trial = { at: deps.clock.now().toISOString(), seconds: secondsSince(start), rows };
      await shelf.noteTrial(record.id, trial);
      return trial;
    },
    jobs: [backupJob(deps, shelf, make, prune)],
  };
}

/** Gives every row of one database to another, and compares. */
export async function copyInstallation(
  from: Database,
  to: Database,
  migrations: readonly Migration[],
  read: ReadOptions,
  restore: RestoreOptions,
): Promise<{ read: ReadResult; restored: RestoreResult }> {
  const pipe = new LinePipe();
  const reading = pipe.fill((put) => readInstallation(from, read, put));
  // Its failure reaches who restores, through the pipe.
  reading.catch(() => undefined);
  const restored = await restoreInstallation(to, migrations, pipe, restore);
  return { read: await reading, restored };
}

async function makeWhole(deps: BackupDependencies, shelf: BackupShelf, progress: Progress): Promise<BackupRecord> {
  const { database, program, clock } = deps;
  const start = performance.now();
  const pipe = new LinePipe();
  let result: ReadResult | null = null;
  const reading = pipe.fill(async (put) => {
    result = await readInstallation(database, { program, ...progress }, put);
  });
  reading.catch(() => undefined);
  const id = backupId(clock.now(), null, randomBytes(3).toString('hex'));
  return shelf.put(id, zipLines(pipe), () => {
    // What is described has ended: all its lines were taken.
    const { takenAt, rows, schemas } = result as unknown as ReadResult;
    const taken = { tenant: null, taken_at: takenAt.toISOString(), seconds: secondsSince(start) };
    return { ...taken, program, database: database.kind, rows, schemas };
  });
}

async function makeOfTenant(
  deps: BackupDependencies,
  shelf: BackupShelf,
  tenant: TenantRow,
  signal: AbortSignal,
): Promise<BackupRecord> {
  const start = performance.now();
  const now = deps.clock.now();
  const archive = writeArchive(deps.database, tenant, await deps.settings.list(tenant), signal);
  return shelf.put(backupId(now, tenant.slug, randomBytes(3).toString('hex')), archive, () => ({
    tenant: tenant.slug,
    taken_at: now.toISOString(),
    seconds: secondsSince(start),
    program: deps.program,
    database: deps.database.kind,
    rows: null,
    schemas: 1,
  }));
}

const JOB = { name: 'operations.backup' } as const;
const LONGEST_SECONDS = 6 * 3_600;
/** No backup takes so long; what was begun before and has no record was broken off. */
const UNFINISHED_FOR_MS = 24 * 3_600 * 1_000;

function backupJob(
  deps: BackupDependencies,
  shelf: BackupShelf,
  make: Backups['make'],
  prune: Backups['prune'],
): JobDefinition<object> {
  return {
    ...JOB,
    retryLimit: 3,
    expireInSeconds: LONGEST_SECONDS,
    // The embedded database takes no sign of life while it is read.
    heartbeatSeconds: LONGEST_SECONDS,
    concurrency: 1,
    ...(deps.schedule !== null && { schedule: deps.schedule }),
    handle: async (_payload, { signal }) => {
      const record = await make({ signal });
      // Read back: what cannot be opened is noticed today.
      for await (const _ of shelf.open(record)) signal.throwIfAborted();
      const removed = await prune(deps.keep);
      // Others may be in the making, by a command or in another process.
      await shelf.removeUnfinished(new Date(deps.clock.now().getTime() - UNFINISHED_FOR_MS));
      const { id, bytes, rows, seconds } = record;
      deps.log.info({ backup: id, bytes, rows, seconds, removed: removed.length }, 'a backup was made');
    },
  };
}

async function counted(deps: BackupDependencies, work: () => Promise<BackupRecord>): Promise<BackupRecord> {
  const { metrics, log } = deps;
  try {
    const record = await work();
    metrics.backups.inc({ outcome: 'made' });
    metrics.lastBackup.set(Date.parse(record.taken_at) / 1_000);
    metrics.backupSeconds.set(record.seconds);
    return record;
  } catch (error) {
    metrics.backups.inc({ outcome: 'failed' });
    log.error({ err: error }, 'a backup could not be made');
    throw error;
  }
}

function secondsSince(start: number): number {
  return Math.round(performance.now() - start) / 1_000;
}
