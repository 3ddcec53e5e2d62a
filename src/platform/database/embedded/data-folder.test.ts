import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { emptyClusterDump } from './cluster-folder.ts';
import { DataFolderLockedError, DataFolderUnusableError } from './data-folder.errors.ts';
import { takeDataFolder } from './data-folder.ts';
import { lockDataFolder } from './data-folder-lock.ts';
import { openEmbeddedDatabase } from './open-embedded-database.ts';
import { startChild } from './test-processes/child.ts';

let parent: string;
let folder: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'parley-data-folder-'));
  folder = join(parent, 'data');
});

afterEach(() => rmSync(parent, { recursive: true, force: true }));

async function openAndClose(dump?: Uint8Array): Promise<void> {
  const database = await openEmbeddedDatabase({ dataDir: folder, ...(dump && { dump }) });
  await database.close();
}

describe('the lock', () => {
  beforeEach(() => mkdirSync(folder));

  it('refuses a second process and names the first', async () => {
    const holder = startChild('hold-folder.ts', [folder]);
    await holder.until((lines) => lines.includes('held'));
    const refused = openEmbeddedDatabase({ dataDir: folder });
    await expect(refused).rejects.toBeInstanceOf(DataFolderLockedError);
    await expect(refused).rejects.toMatchObject({
      folder,
      owner: { pid: holder.pid },
      message: expect.stringMatching(new RegExp(`${folder}.*process ${holder.pid}.*DATA_DIR`)),
    });
    await holder.kill('SIGKILL');
  });

  it('stays with a process that is only suspended, and is free once it is dead', async () => {
    const holder = startChild('hold-folder.ts', [folder]);
    await holder.until((lines) => lines.includes('held'));
    await holder.kill('SIGSTOP');
    expect(() => lockDataFolder(folder)).toThrow(DataFolderLockedError);
    await holder.kill('SIGKILL');
    lockDataFolder(folder).release();
  });

  it('refuses the same process a second time, and is free after its release', () => {
    const lock = lockDataFolder(folder);
    expect(() => lockDataFolder(folder)).toThrow(`process ${process.pid} `);
    lock.release();
    lock.release();
    lockDataFolder(folder).release();
  });

  it('is held while the database is open, also by one that failed to open, until its close', async () => {
    const database = await openEmbeddedDatabase({ dataDir: folder });
    expect(() => lockDataFolder(folder)).toThrow(DataFolderLockedError);
    await database.close();
    lockDataFolder(folder).release();
    writeFileSync(join(folder, 'postgres', 'PG_VERSION'), '15\n');
    await expect(openAndClose()).rejects.toMatchObject({ fault: 'other-version' });
    lockDataFolder(folder).release();
  });
});

describe('a new folder', () => {
  it('is made with its parents, for its owner only', () => {
    folder = join(parent, 'a', 'b', 'data');
    return takeDataFolder(folder).then((lock) => {
      lock.release();
      expect(statSync(folder).mode & 0o777).toBe(0o700);
    });
  });

  it('is made whole after a start that was killed half-way, and keeps others out of what is open to all', async () => {
    mkdirSync(join(folder, 'postgres.new'), { recursive: true });
    chmodSync(folder, 0o755);
    writeFileSync(join(folder, 'postgres.new', 'PG_VERSION'), '18\n');
    mkdirSync(join(folder, 'postgres'));
    await openAndClose();
    expect(existsSync(join(folder, 'postgres.new'))).toBe(false);
    expect(existsSync(join(folder, 'postgres', 'global', 'pg_control'))).toBe(true);
    expect(statSync(join(folder, 'postgres')).mode & 0o777).toBe(0o700);
  });
});

describe('a folder that cannot be used is refused with the reason:', () => {
  const refusal = async (dump?: Uint8Array) => {
    const error = await openAndClose(dump).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DataFolderUnusableError);
    expect((error as Error).message).toContain(folder);
    return (error as DataFolderUnusableError).fault;
  };

  it('a file in its place', async () => {
    writeFileSync(folder, 'a file');
    expect(await refusal()).toBe('not-a-folder');
  });

  it('a file in its path', async () => {
    writeFileSync(folder, 'a file');
    folder = join(folder, 'data');
    expect(await refusal()).toBe('not-a-folder');
  });

  it('a database of another version', async () => {
    mkdirSync(join(folder, 'postgres'), { recursive: true });
    writeFileSync(join(folder, 'postgres', 'PG_VERSION'), '15\n');
    expect(await refusal()).toBe('other-version');
  });

  it('other files where the database would be', async () => {
    mkdirSync(join(folder, 'postgres'), { recursive: true });
    writeFileSync(join(folder, 'postgres', 'notes.txt'), 'mine');
    expect(await refusal()).toBe('foreign');
    expect(existsSync(join(folder, 'postgres', 'notes.txt'))).toBe(true);
  });

  it('a lock file that is none', async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'lock'), 'not a lock '.repeat(100));
    expect(await refusal()).toBe('foreign');
  });

  it.each([
    ['no archive at all', Buffer.from('nonsense')],
    ['a broken gzip', gzipSync('nonsense').subarray(0, 12)],
    ['an empty gzip', gzipSync('')],
  ])('a dump that is none: %s', async (_name, dump) => {
    expect(await refusal(dump)).toBe('bad-dump');
    expect(readdirSync(folder)).toEqual(['lock']);
  });

  it('a dump in which a file is damaged', async () => {
    const archive = gunzipSync(await emptyClusterDump());
    const control = archive.indexOf('/global/pg_control');
    archive.fill(0, control + 512, control + 512 + 100);
    expect(await refusal(archive)).toBe('bad-dump');
    expect(readdirSync(folder)).toEqual(['lock']);
  });

  it('a dump for a folder that has a database', async () => {
    await openAndClose();
    expect(await refusal(Buffer.from('whatever'))).toBe('not-empty');
  });
});

/** Needs the right to mount, as root in a container of one's own has it. */
describe.skipIf(!canMount())('on a file system of its own', () => {
  let mounted: string;

  beforeEach(() => {
    mounted = mkdtempSync(join(parent, 'mount-'));
    folder = join(mounted, 'data');
  });

  afterEach(() => execFileSync('umount', ['--lazy', mounted]));

  const mount = (options: string) => execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', mounted]);

  it('that is read-only, it is refused', async () => {
    mount('size=100m,ro');
    await expect(openAndClose()).rejects.toMatchObject({ fault: 'not-writable' });
  });

  it('that turned read-only after a first start, it is refused', async () => {
    mount('size=200m');
    await openAndClose();
    execFileSync('mount', ['-o', 'remount,ro', mounted]);
    await expect(openAndClose()).rejects.toMatchObject({ fault: 'not-writable' });
  });

  it('that has too little space, it is refused', async () => {
    mount('size=20m');
    await expect(openAndClose()).rejects.toMatchObject({ fault: 'full' });
  });

  it('that fills up while it is made, it is refused, and made once there is space', async () => {
    mount('size=34m');
    await expect(openAndClose()).rejects.toMatchObject({ fault: 'full' });
    execFileSync('mount', ['-o', 'remount,size=200m', mounted]);
    await openAndClose();
  });

  it('that fills up in use, what was acknowledged is there once there is space', async () => {
    mount('size=120m');
    const fatal = Promise.withResolvers<Error>();
    const database = await openEmbeddedDatabase({ dataDir: folder, onFatal: fatal.resolve });
    await database.execute('CREATE TABLE t (n int)');
    // A megabyte of write-ahead log for each row, of a table that stays small.
    const write = (n: number) =>
      database.execute(
        "WITH log AS (SELECT pg_logical_emit_message(true, 'x', repeat('x', 1000000))) INSERT INTO t SELECT $1 FROM log",
        [n],
      );
    let acknowledged = 0;
    const filling = (async () => {
      for (;;) {
        await write(acknowledged + 1);
        acknowledged++;
      }
    })();
    await expect(filling).rejects.toThrow('No space left on device');
    await expect(fatal.promise).resolves.toMatchObject({ message: expect.stringContaining('No space left on device') });
    await database.close();
    execFileSync('mount', ['-o', 'remount,size=400m', mounted]);
    const again = await openEmbeddedDatabase({ dataDir: folder });
    const { rows } = await again.execute('SELECT count(*) AS count, max(n) AS last FROM t');
    expect(acknowledged).toBeGreaterThan(5);
    expect(rows).toEqual([{ count: acknowledged, last: acknowledged }]);
    await again.close();
  });
});

function canMount(): boolean {
  const target = mkdtempSync(join(tmpdir(), 'parley-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', target], { stdio: 'ignore' });
    execFileSync('umount', [target]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}
