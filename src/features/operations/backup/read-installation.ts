import { type Database, type Db, enterSchema } from '../../../platform/database/database.ts';
import { platformTarget } from '../../../platform/database/migrations/migrator.ts';
import { type Snapshot, withSnapshot } from '../../../platform/database/snapshot.ts';
import {
  filledTables,
  listColumns,
  listMigrations,
  readTable,
  SAME_TEXT_EVERYWHERE,
  sumTables,
  type TableSum,
} from '../../../platform/database/table-copy.ts';
import { listUnfinishedJobs } from '../../../platform/queue/job-copy.store.ts';
import { listTenants, schemaOf, type Tenant } from '../../tenancy/index.ts';
import { hasTable, readNow } from './backup.store.ts';
import { type BackedUpSchema, countRows, type Head, markLine, RowSum, type Sums, type Tail } from './backup-lines.ts';

export type ReadOptions = {
  program: string;
  signal: AbortSignal;
  /** Told of each schema that is read whole, of how many. */
  onProgress?(done: number, of: number): void;
};

export type ReadResult = { takenAt: Date; sums: Sums; rows: number; schemas: number; jobs: number };

/** Gives every row of the installation, as it is at one moment, as the lines of a backup. */
export async function readInstallation(
  database: Database,
  options: ReadOptions,
  put: (line: string) => Promise<void>,
): Promise<ReadResult> {
  return withSnapshot(database, async (snapshot) => {
    const head = await snapshot.in('SET LOCAL search_path TO DEFAULT', (trx) => readHead(trx, database, options));
    await put(markLine({ head }));
    const sums: Record<string, Record<string, TableSum>> = {};
    for (const [index, { tenant }] of head.schemas.entries()) {
      const schema = nameOf(tenant);
      await put(markLine({ schema }));
      sums[schema] = await inSchema(snapshot, tenant, (trx) => readSchema(trx, options.signal, put));
      options.onProgress?.(index + 1, head.schemas.length);
    }
    const jobs = await snapshot.in('SET LOCAL search_path TO DEFAULT', (trx) => readJobs(trx, put));
    await put(markLine({ end: true, sums, jobs } satisfies Tail));
    return { takenAt: new Date(head.taken_at), sums, rows: countRows(sums), schemas: head.schemas.length, jobs };
  });
}

/** The sums of every table that there is now, to be compared with a backup's. */
export async function sumInstallation(database: Database, tenants: readonly (Tenant | null)[]): Promise<Sums> {
  return withSnapshot(database, async (snapshot) => {
    const sums: Record<string, Record<string, TableSum>> = {};
    for (const tenant of tenants) {
      sums[nameOf(tenant)] = await inSchema(snapshot, tenant, sumTables);
    }
    return sums;
  });
}

export function nameOf(tenant: Pick<Tenant, 'slug'> | null): string {
  return tenant ? schemaOf(tenant) : platformTarget.schema;
}

export function enterOf(tenant: Pick<Tenant, 'slug'> | null): string {
  return tenant ? enterSchema(schemaOf(tenant)) : platformTarget.enter;
}

function inSchema<T>(snapshot: Snapshot, tenant: Tenant | null, work: (trx: Db) => Promise<T>): Promise<T> {
  return snapshot.in(`${enterOf(tenant)}; ${SAME_TEXT_EVERYWHERE}`, work);
}

async function readHead(trx: Db, { kind }: Database, { program }: ReadOptions): Promise<Head> {
  const takenAt = await readNow(trx);
  const tenants = await listTenants(trx);
  // The platform's last: an installation that was restored in part has none, and cannot be taken for a whole one.
  const schemas: BackedUpSchema[] = [];
  for (const { id, slug } of tenants) {
    schemas.push({ tenant: { id, slug }, migrations: await listMigrations(trx, schemaOf({ slug })) });
  }
  schemas.push({ tenant: null, migrations: await listMigrations(trx, platformTarget.schema) });
  return { format: 'parley-backup', version: 1, taken_at: takenAt.toISOString(), program, kind, schemas };
}

async function readSchema(
  trx: Db,
  signal: AbortSignal,
  put: (line: string) => Promise<void>,
): Promise<Record<string, TableSum>> {
  const sums: Record<string, TableSum> = {};
  const tables = await listColumns(trx);
  const filled = await filledTables(trx, tables.keys());
  for (const [table, columns] of tables) {
    await put(markLine({ table }));
    const sum = new RowSum();
    for await (const batch of filled.has(table) ? readTable(trx, table, columns) : []) {
      signal.throwIfAborted();
      for (const row of batch) {
        sum.add(row);
        await put(row);
      }
    }
    sums[table] = sum.total;
  }
  return sums;
}

async function readJobs(trx: Db, put: (line: string) => Promise<void>): Promise<number> {
  await put(markLine({ jobs: true }));
  if (!(await hasTable(trx, 'pgboss.job'))) return 0;
  const jobs = await listUnfinishedJobs(trx);
  for (const job of jobs) await put(JSON.stringify(job));
  return jobs.length;
}
