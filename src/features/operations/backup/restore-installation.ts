import {
  type Database,
  leaveSchema,
  type PlatformTransaction,
  runScript,
} from '../../../platform/database/database.ts';
import type { Migration } from '../../../platform/database/migrations/migration.ts';
import { migrateWithin, migrationsOf, platformTarget } from '../../../platform/database/migrations/migrator.ts';
import {
  advanceSequences,
  dropForeignKeys,
  emptyTables,
  listColumns,
  restoreForeignKeys,
  SAME_TEXT_EVERYWHERE,
  writeRows,
} from '../../../platform/database/table-copy.ts';
import type { CopiedJob } from '../../../platform/queue/job-copy.store.ts';
import { createTenantSchema, type Tenant } from '../../tenancy/index.ts';
import * as store from './backup.store.ts';
import {
  type BackedUpSchema,
  BackupBrokenError,
  compareSums,
  countRows,
  type Head,
  readHead,
  readMark,
  type Tail,
} from './backup-lines.ts';
import { enterOf, nameOf, sumInstallation } from './read-installation.ts';

/** The database may not be restored into; the message says why, and what to do. */
export class RestoreRefusedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RestoreRefusedError';
  }
}

export type RestoreOptions = {
  /** By which a restore that was broken off knows its own. */
  backup: string;
  /** Consent that everything that the database has is thrown away. */
  replace: boolean;
  signal: AbortSignal;
  onProgress?(done: number, of: number): void;
};

export type RestoreResult = { head: Head; tenants: readonly Tenant[]; rows: number; jobs: readonly CopiedJob[] };

/** Among the names of schemas in the notes of progress. */
const COMPARED = '(compared)';
const ROWS_AT_ONCE = 1_000;
const CHARACTERS_AT_ONCE = 4_000_000;

/**
 * Writes a backup's lines into a database, schema by schema, each whole or not at all, and then compares every table with the
 * backup by rows and sum. A restore that was broken off goes on behind the last whole schema. The schemas have the migrations
 * that they had, and jobs are returned, not written: the caller migrates, adds them, and then calls `finishRestore`. Until then
 * no server starts on the database.
 * @throws RestoreRefusedError | BackupBrokenError
 */
export async function restoreInstallation(
  database: Database,
  migrations: readonly Migration[],
  lines: AsyncIterable<string>,
  options: RestoreOptions,
): Promise<RestoreResult> {
  const reader = new LineReader(lines);
  try {
    return await restoreFrom(reader, database, migrations, options);
  } catch (error) {
    // Whoever gives the lines may hold a database's only connection until somebody takes the next one.
    await reader.leave();
    throw error;
  }
}

async function restoreFrom(
  reader: LineReader,
  database: Database,
  migrations: readonly Migration[],
  options: RestoreOptions,
): Promise<RestoreResult> {
  const head = readHead(await reader.next());
  const wanted = head.schemas.map((schema) => ({ schema, migrations: knownMigrations(schema, migrations) }));
  const done = await takeDatabase(database, options);
  for (const [index, part] of wanted.entries()) {
    options.signal.throwIfAborted();
    const name = nameOf(part.schema.tenant);
    const mark = readMark(await reader.demand());
    if (!mark || !('schema' in mark) || mark.schema !== name) throw new BackupBrokenError(`The backup lacks ${name}.`);
    if (done.has(name)) await reader.skipSchema();
    else await restoreSchema(database, part.schema.tenant, part.migrations, reader, options);
    options.onProgress?.(index + 1, wanted.length);
  }
  const jobs = await readJobs(reader);
  const tail = readMark(await reader.demand()) as Tail | null;
  if (!tail || !('end' in tail) || tail.jobs !== jobs.length) throw new BackupBrokenError('The backup has no end.');
  const tenants = head.schemas.map(({ tenant }) => tenant);
  // Once compared it may have been migrated since, and would differ.
  if (!done.has(COMPARED)) {
    const faults = compareSums(tail.sums, await sumInstallation(database, tenants));
    if (faults.length > 0) throw new BackupBrokenError(`What was restored is not what was kept: ${faults.join('; ')}`);
    await store.noteProgress(database.db, options.backup, COMPARED);
  }
  return { head, tenants: tenants.filter((tenant) => tenant !== null), rows: countRows(tail.sums), jobs };
}

/** The database is whole: servers may start on it. */
export async function finishRestore(database: Database): Promise<void> {
  await store.endProgress(database.db);
}

/** A backup of this program, or of an older one whose migrations are still the same. */
function knownMigrations({ tenant, migrations }: BackedUpSchema, all: readonly Migration[]): readonly Migration[] {
  const own = migrationsOf(all, tenant ? 'tenant' : 'platform');
  const had = new Set(migrations);
  const known = own.filter(({ id, checksum }) => had.has(`${id} ${checksum}`));
  if (known.length === had.size) return known;
  const ids = new Set(known.map(({ id, checksum }) => `${id} ${checksum}`));
  const [unknown = ''] = migrations.filter((migration) => !ids.has(migration));
  throw new RestoreRefusedError(
    `The backup has the migration ${unknown.split(' ')[0]} in ${nameOf(tenant)}, which this program does not know, or knows otherwise. Restore it with the version that made it, or a later one.`,
  );
}

/** The schemas that an earlier try of the same restore left whole. */
async function takeDatabase(database: Database, { backup, replace }: RestoreOptions): Promise<ReadonlySet<string>> {
  const { db } = database;
  const progress = await store.readProgress(db);
  if (progress?.backup === backup) return progress.done;
  if (progress === null && (await store.hasContent(db))) {
    if (!replace) {
      throw new RestoreRefusedError(
        'The database holds an installation, and nothing of it was touched. Name an empty one, or say --replace to throw away what it holds.',
      );
    }
    const workers = database.kind === 'server' ? await store.countLiveWorkers(db) : 0;
    if (workers > 0) {
      throw new RestoreRefusedError(
        `${workers} server(s) or worker(s) work on this database. Stop them; their leases end within some seconds.`,
      );
    }
  }
  await store.beginProgress(db, backup);
  for (const schema of await store.listOwnSchemas(db)) await store.dropSchema(db, schema);
  return new Set();
}

async function restoreSchema(
  database: Database,
  tenant: Tenant | null,
  migrations: readonly Migration[],
  reader: LineReader,
  { backup, signal }: RestoreOptions,
): Promise<void> {
  await database.transaction(async (trx) => {
    if (tenant) await createTenantSchema(trx, tenant, migrations);
    else {
      await store.createPlatformSchema(trx);
      await migrateWithin(trx, platformTarget, migrations);
    }
    await runScript(trx, `${enterOf(tenant)}; ${SAME_TEXT_EVERYWHERE}`);
    const keys = await dropForeignKeys(trx);
    const tables = await listColumns(trx);
    await emptyTables(trx, tables.keys());
    await restoreTables(trx, tables, reader, signal);
    await advanceSequences(trx);
    await restoreForeignKeys(trx, keys);
    await runScript(trx, leaveSchema);
    await store.noteProgress(trx, backup, nameOf(tenant));
  });
}

async function restoreTables(
  trx: PlatformTransaction,
  tables: ReadonlyMap<string, readonly string[]>,
  reader: LineReader,
  signal: AbortSignal,
): Promise<void> {
  for (let table = await reader.takeTable(); table !== null; table = await reader.takeTable()) {
    const columns = tables.get(table);
    if (!columns) throw new BackupBrokenError(`The backup has a table ${table} that no migration makes.`);
    for await (const batch of reader.rows()) {
      signal.throwIfAborted();
      await writeRows(trx, table, columns, batch);
    }
  }
}

async function readJobs(reader: LineReader): Promise<CopiedJob[]> {
  const mark = readMark(await reader.demand());
  if (!mark || !('jobs' in mark) || 'end' in mark) throw new BackupBrokenError('The backup lacks its jobs.');
  const jobs: CopiedJob[] = [];
  for await (const batch of reader.rows()) for (const row of batch) jobs.push(JSON.parse(row) as CopiedJob);
  return jobs;
}

/** Lines, of which the next can be looked at before it is taken. */
class LineReader {
  readonly #lines: AsyncIterator<string>;
  #held: string | undefined;

  constructor(lines: AsyncIterable<string>) {
    this.#lines = lines[Symbol.asyncIterator]();
  }

  async next(): Promise<string | undefined> {
    const line = await this.#peek();
    this.#held = undefined;
    return line;
  }

  async demand(): Promise<string> {
    const line = await this.next();
    if (line === undefined) throw new BackupBrokenError('The backup is cut off: its end is missing.');
    return line;
  }

  /** The name of the table that begins here; null where none does. */
  async takeTable(): Promise<string | null> {
    const mark = readMark((await this.#peek()) ?? '');
    if (!mark || !('table' in mark)) return null;
    await this.next();
    return mark.table;
  }

  /** Rows up to the next mark, some at a time. */
  async *rows(): AsyncGenerator<string[]> {
    let batch: string[] = [];
    let characters = 0;
    for (let line = await this.#peek(); line !== undefined && !line.startsWith('#'); line = await this.#peek()) {
      this.#held = undefined;
      batch.push(line);
      characters += line.length;
      if (batch.length < ROWS_AT_ONCE && characters < CHARACTERS_AT_ONCE) continue;
      yield batch;
      batch = [];
      characters = 0;
    }
    if (batch.length > 0) yield batch;
  }

  /** No more lines are wanted. */
  async leave(): Promise<void> {
    await this.#lines.return?.();
  }

  async skipSchema(): Promise<void> {
    while ((await this.takeTable()) !== null) for await (const _ of this.rows());
  }

  async #peek(): Promise<string | undefined> {
    if (this.#held !== undefined) return this.#held;
    const { done, value } = await this.#lines.next();
    if (!done) this.#held = value;
    return done ? undefined : value;
  }
}
