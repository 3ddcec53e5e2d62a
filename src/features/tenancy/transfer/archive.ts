import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Database, PlatformTransaction, TenantTransaction } from '../../../platform/database/database.ts';
import { enterSchema, leaveSchema, runScript } from '../../../platform/database/database.ts';
import type { Migration } from '../../../platform/database/migrations/migration.ts';
import * as tables from '../../../platform/database/table-copy.ts';
import { LinePipe, unzipLines, zipLines } from '../../../platform/text/zipped-lines.ts';
import { SYSTEM } from '../audit/act.ts';
import { recordAct } from '../audit/audit.service.ts';
import type { SettingState } from '../settings/tenant-settings.ts';
import { createTenant, inTenant } from '../tenancy.service.ts';
import { schemaOf, type Tenant } from '../tenant.ts';
import * as store from './archive.store.ts';

/**
 * An archive of a tenant: gzip of lines of JSON. The first says what it is; then each table by its name and its rows; the last
 * counts them and holds the SHA-256 of all lines before it.
 */
type Head = {
  format: 'parley-tenant';
  version: 1;
  slug: string;
  name: string;
  exported_at: string;
  /** Ids and checksums: it can be read by a program with the same ones. */
  migrations: readonly string[];
  members: readonly store.ArchivedMember[];
  settings: Readonly<Record<string, unknown>>;
};
type Tail = { end: true; rows: Readonly<Record<string, number>>; sha256: string };

/** An archive cannot be imported; the message says why, for the person who tries. */
export class ArchiveError extends Error {}

const ROWS_AT_ONCE = 200;
/** Of the rows that are written at once: some are parts of files. */
const CHARACTERS_AT_ONCE = 4_000_000;

/** Not in an archive: answers of repeated requests are sealed for their place. */
const LEFT_OUT = new Set(['repeatable_request']);

/** Everything of a tenant as it is at one moment, as the bytes of an archive. `onProgress` is told the share that is done. */
export async function* writeArchive(
  database: Database,
  tenant: Tenant & { name: string },
  settings: readonly SettingState[],
  signal: AbortSignal,
  onProgress: (share: number) => void = () => undefined,
): AsyncGenerator<Buffer> {
  const members = await store.listMembers(database.db, tenant.id);
  const set = settings.filter(({ isSet }) => isSet).map(({ setting, value }) => [setting.key, value]);
  const head = {
    format: 'parley-tenant',
    version: 1,
    slug: tenant.slug,
    name: tenant.name,
    exported_at: new Date().toISOString(),
    members,
    settings: Object.fromEntries(set),
  } as const;
  const lines = new LinePipe();
  const reading = lines.fill((put) => inTenant(database, tenant, (trx) => readAll(trx, head, put, signal, onProgress)));
  // Awaited below: what it fails with comes through the lines first.
  reading.catch(() => undefined);
  yield* zipLines(lines);
  await reading;
}

async function readAll(
  trx: TenantTransaction,
  head: Omit<Head, 'migrations'>,
  putLine: (line: string) => Promise<void>,
  signal: AbortSignal,
  onProgress: (share: number) => void,
): Promise<void> {
  await store.beginSnapshot(trx);
  const sum = createHash('sha256');
  const put = (line: string) => {
    sum.update(`${line}\n`);
    return putLine(line);
  };
  await put(JSON.stringify({ ...head, migrations: await tables.listMigrations(trx) } satisfies Head));
  const columns = await tables.listColumns(trx);
  const names = [...columns.keys()].filter((name) => !LEFT_OUT.has(name));
  const rows: Record<string, number> = {};
  let total = 0;
  let done = 0;
  for (const table of names) total += await tables.countTable(trx, table);
  for (const table of names) {
    rows[table] = 0;
    await put(JSON.stringify({ table }));
    for await (const batch of tables.readTable(trx, table, columns.get(table) ?? [])) {
      signal.throwIfAborted();
      for (const row of batch) await put(row);
      rows[table] += batch.length;
      done += batch.length;
      onProgress(total === 0 ? 1 : done / total);
    }
  }
  await putLine(JSON.stringify({ end: true, rows, sha256: sum.digest('hex') } satisfies Tail));
}

export type Imported = {
  tenant: Tenant;
  rows: Readonly<Record<string, number>>;
  /** Members for whose address this installation has no account. */
  missingMembers: readonly string[];
};

/**
 * Makes a new tenant of an archive, or nothing. Ids are kept; users are found by their e-mail address, and where they have
 * another id here, theirs is put in its place. API keys, sealed secrets and unfinished uploads are not in an archive.
 * @throws ArchiveError
 */
export async function readArchive(
  database: Database,
  migrations: readonly Migration[],
  path: string,
  { slug, name }: { slug?: string | undefined; name?: string | undefined },
): Promise<Imported> {
  return database.transaction(async (trx) => {
    const state = newImport();
    let opened: { tenant: Tenant; users: Map<string, string>; missing: string[]; keys: ForeignKeys } | null = null;
    for await (const line of linesOf(path)) {
      if (!opened) {
        const head = headOf(line);
        state.sum.update(`${line}\n`);
        opened = await open(trx, migrations, head, { slug: slug ?? head.slug, name: name ?? head.name });
      } else await takeLine(trx as unknown as TenantTransaction, line, state, opened.users);
    }
    if (!opened || !state.tail) throw new ArchiveError('The archive is cut off: its end is missing.');
    assertWhole(state);
    const own = trx as unknown as TenantTransaction;
    await tables.advanceSequences(own);
    await tables.restoreForeignKeys(own, opened.keys);
    await runScript(trx, leaveSchema);
    const act = { act: 'tenant.import', tenantId: opened.tenant.id, actor: SYSTEM } as const;
    await recordAct(trx, { ...act, details: { slug: opened.tenant.slug } });
    return { tenant: opened.tenant, rows: state.rows, missingMembers: opened.missing };
  });
}

async function* linesOf(path: string): AsyncGenerator<string> {
  try {
    yield* unzipLines(createReadStream(path));
  } catch (error) {
    throw new ArchiveError(`The archive ${path} cannot be read: ${(error as Error).message}.`, { cause: error });
  }
}

function newImport(): ImportState {
  return { sum: createHash('sha256'), rows: {}, table: null, batch: [], characters: 0, columns: [], tail: null };
}

type ForeignKeys = Awaited<ReturnType<typeof tables.dropForeignKeys>>;
type ImportState = {
  sum: Hash;
  rows: Record<string, number>;
  table: string | null;
  columns: readonly string[];
  batch: string[];
  /** Of the batch. */
  characters: number;
  tail: Tail | null;
};

function headOf(line: string): Head {
  const head = parse(line) as Partial<Head> | null;
  if (head?.format !== 'parley-tenant') throw new ArchiveError('This is no archive of a tenant.');
  if (head.version !== 1) throw new ArchiveError(`The archive has the version ${head.version}; this program reads 1.`);
  return head as Head;
}

async function open(
  trx: PlatformTransaction,
  migrations: readonly Migration[],
  head: Head,
  { slug, name }: { slug: string; name: string },
) {
  const tenant = await createTenant(trx, { name, slug }, migrations);
  const own = await tables.listMigrations(trx, schemaOf(tenant));
  if (own.join() !== head.migrations.join()) {
    throw new ArchiveError('The archive is of a program with other migrations; bring both to the same version.');
  }
  const users = new Map<string, string>();
  const missing: string[] = [];
  for (const member of head.members) {
    const id = await store.joinTenant(trx, tenant.id, member);
    if (id === undefined) missing.push(member.email);
    else if (id !== member.user_id) users.set(member.user_id, id);
  }
  await store.saveSettings(trx, tenant.id, head.settings);
  await runScript(trx, enterSchema(schemaOf(tenant)));
  const keys = await tables.dropForeignKeys(trx as unknown as TenantTransaction);
  return { tenant: { id: tenant.id, slug: tenant.slug }, users, missing, keys };
}

async function takeLine(
  trx: TenantTransaction,
  line: string,
  state: ImportState,
  users: ReadonlyMap<string, string>,
): Promise<void> {
  if (state.tail) throw new ArchiveError('The archive has something behind its end.');
  const mark = /^\{"(?:table|end)":/.test(line) ? (parse(line) as { table?: unknown } & Partial<Tail>) : null;
  if (mark?.end === true) {
    await flush(trx, state);
    state.tail = mark as Tail;
    return;
  }
  state.sum.update(`${line}\n`);
  if (mark && typeof mark.table === 'string' && Object.keys(mark).length === 1) {
    await flush(trx, state);
    const columns = (await tables.listColumns(trx)).get(mark.table);
    if (!columns) throw new ArchiveError(`There is no table ${mark.table}.`);
    state.table = mark.table;
    state.rows[mark.table] = 0;
    state.columns = columns;
    return;
  }
  state.batch.push(users.size === 0 ? line : withUsers(line, users));
  state.characters += line.length;
  if (state.batch.length === ROWS_AT_ONCE || state.characters > CHARACTERS_AT_ONCE) await flush(trx, state);
}

async function flush(trx: TenantTransaction, state: ImportState): Promise<void> {
  const { table, batch, columns } = state;
  if (batch.length === 0) return;
  if (table === null) throw new ArchiveError('The archive has rows of no table.');
  await tables.writeRows(trx, table, columns, batch);
  state.rows[table] = (state.rows[table] ?? 0) + batch.length;
  state.batch = [];
  state.characters = 0;
}

/** Ids are long and random: wherever one of a user stands, it is that user. */
function withUsers(line: string, users: ReadonlyMap<string, string>): string {
  return line.replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, (id) => users.get(id) ?? id);
}

function assertWhole({ sum, tail, rows }: ImportState): void {
  if (sum.digest('hex') !== tail?.sha256) throw new ArchiveError('The archive is damaged: its checksum is another.');
  for (const [table, count] of Object.entries(tail.rows)) {
    if (rows[table] !== count) throw new ArchiveError(`The archive is damaged: ${table} should have ${count} rows.`);
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new ArchiveError('The archive is damaged: a line of it is no JSON.');
  }
}
