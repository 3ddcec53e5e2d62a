import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, type TestDatabaseKind, testDatabases } from '../../../../test/support/databases.ts';
import { makeTenant } from '../../../../test/support/tenants.ts';
import { systemClock } from '../../../platform/clock.ts';
import type { Database } from '../../../platform/database/database.ts';
import { loadOwnMigrations } from '../../../platform/database/migrations/installation.ts';
import type { Migration } from '../../../platform/database/migrations/migration.ts';
import { migrateDown } from '../../../platform/database/migrations/migrator.ts';
import { newId } from '../../../platform/id.ts';
import { createQueue, type JobDefinition } from '../../../platform/queue/queue.ts';
import { createSecretBox } from '../../../platform/secrets/secret-box.ts';
import { createFolderStorage } from '../../../platform/storage/folder-storage.ts';
import { createMetrics } from '../../../platform/telemetry/metrics.ts';
import { inTenant, migrateTenants, migrationTargetOf, type Tenant } from '../../tenancy/index.ts';
import { createBackups } from './backup.service.ts';
import { readProgress } from './backup.store.ts';
import { compareSums } from './backup-lines.ts';
import type { BackupRecord } from './backup-shelf.ts';
import { readInstallation, sumInstallation } from './read-installation.ts';
import { finishRestore, restoreInstallation } from './restore-installation.ts';

const { signal } = new AbortController();
const KEY = Buffer.alloc(32, 7);

/** A database with two tenants, a job that waits, and a folder for its backups. */
function world(open: TestDatabaseKind['open']) {
  let db: TestDatabase;
  let migrations: readonly Migration[];
  let folder: string;
  let tenants: Tenant[];
  const opened: TestDatabase[] = [];

  beforeAll(async () => {
    migrations = await loadOwnMigrations();
    folder = await mkdtemp(join(tmpdir(), 'parley-test-backup-'));
    db = await open();
    tenants = [await makeTenant(db.database, 'Acme'), await makeTenant(db.database, 'Zeta')];
    for (const tenant of tenants) await fill(db.database, tenant);
    await sql`INSERT INTO platform."user" (id, email) VALUES (${newId()}, 'ann@example.com')`.execute(db.database.db);
    const queue = createQueue(db.database, { onError: fail, onWarning: () => undefined });
    const job = { name: 'test.job', retryLimit: 1, expireInSeconds: 60, concurrency: 1, handle: async () => undefined };
    await queue.start([job], { work: false });
    await db.database.transaction((trx) => queue.enqueue(trx, job, { what: 'waits' }, { singletonKey: 'one' }));
    await queue.stop(1000);
  }, 240_000);
  afterAll(async () => {
    for (const each of opened) await each.close();
    await db.close();
    await rm(folder, { recursive: true, force: true });
  });

  const backups = (more: { key?: Buffer; migrations?: readonly Migration[]; database?: Database; in?: string } = {}) =>
    createBackups({
      database: more.database ?? db.database,
      migrations: more.migrations ?? migrations,
      storage: createFolderStorage(join(folder, more.in ?? 'all')),
      box: createSecretBox([more.key ?? KEY]),
      clock: systemClock,
      log: pino({ level: 'silent' }),
      metrics: createMetrics(),
      settings: undefined as never,
      program: 'test',
      schedule: null,
      keep: 2,
    });
  const openTarget = async (kind: TestDatabaseKind) => {
    const target = await kind.open();
    opened.push(target);
    return target.database;
  };
  const all = () => [...tenants, null];

  return {
    backups,
    openTarget,
    all,
    db: () => db,
    migrations: () => migrations,
    folder: () => folder,
    tenants: () => tenants,
  };
}

describe.each(testDatabases())('backups of the $kind database', ({ kind, open }) => {
  const it = world(open);
  // Into the same kind they are restored below, and by the journey of an embedded installation.
  const other = testDatabases().find((each) => each.kind !== kind) ?? { kind, open };

  test('restore into an empty database of the other kind, row by row', async () => {
    const record = await it.backups().make({ signal });
    const target = await it.openTarget(other);
    const { rows, jobs } = await it.backups().restore(record, target, { replace: false, signal });
    await finishRestore(target);
    expect(rows).toBe(record.rows);
    expect(jobs).toMatchObject([{ name: 'test.job', data: { what: 'waits' }, singletonKey: 'one' }]);
    const sums = await sumInstallation(it.db().database, it.all());
    expect(compareSums(sums, await sumInstallation(target, it.all()))).toEqual([]);
    expect(sums.tenant_acme?.document_file?.rows).toBe(3);
    const [tenant] = it.tenants() as [Tenant];
    // What the sums rest on, seen once by itself; and what Postgres numbers goes on behind what came.
    const found = await inTenant(target, tenant, async (trx) => {
      const { rows: vectors } = await sql`SELECT vector::text FROM embedding`.execute(trx);
      const { rows: parts } = await sql`SELECT parts::text FROM message`.execute(trx);
      const { rows: next } = await sql`INSERT INTO corpus_change (language, chunk_count, word_count)
        VALUES ('x', 1, 1) RETURNING id`.execute(trx);
      return { vectors, parts, next };
    });
    expect(found).toEqual({
      vectors: [{ vector: '[0.1,-2.5e-07,3]' }],
      parts: [{ parts: '[{"z":1.10,"a":"zero \\u0000, quote \\", line\\nend, ünï"}]' }],
      next: [{ id: 3 }],
    });
  }, 240_000);

  test('hold one moment, whatever is written while they are made', async () => {
    const before = await sumInstallation(it.db().database, it.all());
    const started = Promise.withResolvers<void>();
    const writing = started.promise.then(() => writeMore(it.db().database, it.tenants()));
    const lines: string[] = [];
    const { sums } = await readInstallation(it.db().database, { program: 'test', signal }, async (line) => {
      lines.push(line);
      started.resolve();
      // On the server others write at once; the embedded database lets them wait until it has been read.
      if (it.db().url !== null) await writing;
    });
    await writing;
    expect(compareSums(before, sums)).toEqual([]);
    expect(compareSums(before, await sumInstallation(it.db().database, it.all()))).not.toEqual([]);
    expect(lines.join('\n')).not.toContain('written meanwhile');
  }, 240_000);

  test('are let go of at once where nobody takes them', async () => {
    let isLeft = false;
    async function* endless(): AsyncGenerator<string> {
      try {
        for (;;) yield 'This is no line of a backup.';
      } finally {
        isLeft = true;
      }
    }
    const restore = { backup: 'test', replace: false, signal };
    const refused = restoreInstallation(it.db().database, it.migrations(), endless(), restore);
    await expect(refused).rejects.toThrow('This is no backup');
    expect(isLeft).toBe(true);
  }, 240_000);
});

// What no database answers otherwise than the other.
describe('backups', { timeout: 240_000 }, () => {
  const kind = testDatabases().at(-1) as TestDatabaseKind;
  const it = world(kind.open);

  test('are refused by a database that holds something, and take its place with consent', async () => {
    const record = await it.backups().make({ signal });
    const target = await it.openTarget(kind);
    const other = await makeTenant(target, 'Other');
    const refused = it.backups().restore(record, target, { replace: false, signal });
    await expect(refused).rejects.toThrow('nothing of it was touched');
    await inTenant(target, other, (trx) => sql`SELECT FROM session`.execute(trx));
    await it.backups().restore(record, target, { replace: true, signal });
    await expect(inTenant(target, other, (trx) => sql`SELECT FROM session`.execute(trx))).rejects.toThrow();
  });

  test('go on where a restore was broken off; another backup begins anew', async () => {
    const first = await it.backups().make({ signal });
    const second = await it.backups().make({ signal });
    const target = await it.openTarget(kind);
    const breakOff = async (record: typeof first) => {
      const stop = new AbortController();
      const options = { replace: false, signal: stop.signal, onProgress: () => stop.abort(new Error('broken off')) };
      await expect(it.backups().restore(record, target, options)).rejects.toThrow('broken off');
    };
    await breakOff(first);
    expect(await readProgress(target.db)).toEqual({ backup: first.id, done: new Set(['', 'tenant_acme']) });
    await breakOff(second);
    expect((await readProgress(target.db))?.backup).toBe(second.id);
    const progress: number[] = [];
    await it.backups().restore(second, target, { replace: false, signal, onProgress: (done) => progress.push(done) });
    expect(progress).toEqual([1, 2, 3]);
    await finishRestore(target);
    expect(await readProgress(target.db)).toBeNull();
  });

  test('are refused when a byte of them was changed, a part is missing, or the key is another', async () => {
    const shelf = it.backups({ in: 'damaged' });
    const target = await it.openTarget(kind);
    const restoring = (from = shelf) =>
      shelf.list().then(([record]) => from.restore(record as never, target, { replace: false, signal }));
    const record = await shelf.make({ signal });
    await expect(restoring(it.backups({ in: 'damaged', key: Buffer.alloc(32, 8) }))).rejects.toThrow(
      'No key with the id',
    );
    const part = join(it.folder(), 'damaged', record.id, 'part-000000');
    const bytes = await readFile(part);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
    await writeFile(part, bytes);
    await expect(restoring()).rejects.toThrow('is damaged in its part 0');
    await rm(part);
    await expect(restoring()).rejects.toThrow('lacks its part 0');
    expect(await readProgress(target.db)).toBeNull();
  });

  test('of an older version are restored as they were, and can be migrated; of a newer one they are refused', async () => {
    const [tenant] = it.tenants() as [Tenant];
    const old = await it.openTarget(kind);
    const made = await makeTenant(old, 'Acme');
    const gone = await migrateDown(old, migrationTargetOf(tenant), it.migrations());
    const record = await it.backups({ database: old, in: 'old' }).make({ signal });
    const target = await it.openTarget(kind);
    await it.backups({ in: 'old' }).restore(record, target, { replace: false, signal });
    expect(await migrateTenants(target, it.migrations())).toEqual([{ slug: made.slug, applied: [gone], error: null }]);

    const newer = await it.backups().make({ signal });
    const before = it.migrations().filter(({ id }) => id !== gone);
    const refused = it.backups({ migrations: before }).restore(newer, target, { replace: true, signal });
    await expect(refused).rejects.toThrow(`the migration ${gone}`);
  });

  test('are tried out in a scratch database, and only the newest stay', async () => {
    const shelf = it.backups({ in: 'kept' });
    const records: BackupRecord[] = [];
    for (let made = 0; made < 3; made += 1) records.push(await shelf.make({ signal }));
    const [first, second, last] = records as [BackupRecord, BackupRecord, BackupRecord];
    await writeFile(join(it.folder(), 'kept', first.id, 'backup.json.draft'), '');
    const scratch = await it.openTarget(kind);
    await shelf.tryOut(last, scratch, { signal });
    expect(await shelf.prune(2)).toEqual([first.id]);
    const list = await shelf.list();
    expect(list.map(({ id, trial }) => [id, trial?.rows ?? null])).toEqual([
      [last.id, last.rows],
      [second.id, null],
    ]);
    const [begun, brokenOff] = ['29991231T235959Z-whole-0123ab', '20250101T000000Z-whole-0123ab'];
    for (const id of [begun, brokenOff]) {
      await mkdir(join(it.folder(), 'kept', id));
      await writeFile(join(it.folder(), 'kept', id, 'part-000000'), '');
    }
    const [job] = shelf.jobs as readonly JobDefinition<object>[];
    await job?.handle({}, { jobId: '', signal });
    expect(await readdir(join(it.folder(), 'kept', begun))).toEqual(['part-000000']);
    expect(await readdir(join(it.folder(), 'kept', brokenOff))).toEqual([]);
    const names = await readdir(join(it.folder(), 'kept', last.id));
    expect(names.sort()).toEqual(['backup.json', 'part-000000', 'restored.json']);
    const stored = await readFile(join(it.folder(), 'kept', last.id, 'part-000000'));
    expect(stored.includes('ann@example.com')).toBe(false);
  });
});

function fail(error: Error): void {
  throw error;
}

/** Every kind of column that is not plain text. */
async function fill(database: Database, tenant: Tenant): Promise<void> {
  const [session, document] = [newId(), newId()];
  await inTenant(database, tenant, async (trx) => {
    await sql`INSERT INTO session (id, user_id, metadata) VALUES (${session}, ${newId()}, '{"b": 1, "a": [null]}')`.execute(
      trx,
    );
    await sql`INSERT INTO message (id, session_id, role, status, parts) VALUES (${newId()}, ${session}, 'user', 'complete',
      ${'[{"z":1.10,"a":"zero \\u0000, quote \\", line\\nend, ünï"}]'}::json)`.execute(trx);
    await sql`INSERT INTO embedding VALUES ('e', ${Buffer.from([0, 255])}, '[0.1,-0.00000025,3]')`.execute(trx);
    for (const language of ['en', 'de'])
      await sql`INSERT INTO corpus_change (language, chunk_count, word_count) VALUES (${language}, 1, 9007199254740991)`.execute(
        trx,
      );
    await sql`INSERT INTO document (id, title, content_type, size_bytes, content_hash, status, progress)
      VALUES (${document}, 'Minutes', 'text/plain', 3, 'x', 'ready', 0.333333)`.execute(trx);
    for (const part of [0, 1, 2])
      await sql`INSERT INTO document_file VALUES (${document}, ${part}, ${Buffer.alloc(200_000, part)})`.execute(trx);
  });
}

async function writeMore(database: Database, tenants: readonly Tenant[]): Promise<void> {
  for (const tenant of tenants) {
    await inTenant(database, tenant, (trx) =>
      sql`INSERT INTO session (id, user_id, title) VALUES (${newId()}, ${newId()}, 'written meanwhile')`.execute(trx),
    );
  }
  await sql`UPDATE platform."user" SET full_name = 'written meanwhile'`.execute(database.db);
}
