import { access, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { DataFolderUnusableError } from './data-folder.errors.ts';
import { syncPath, syncTree } from './file-sync.ts';
import { readTar } from './tar-archive.ts';

const CLUSTER = 'postgres';
/** A cluster that is still being made; what a killed process left there is thrown away. */
const UNFINISHED = 'postgres.new';
const POSTGRES_VERSION = '18';

/** The folder of the database's own files, if there is one yet.
 * @throws DataFolderUnusableError */
export async function findCluster(dataDir: string): Promise<string | null> {
  const folder = join(dataDir, CLUSTER);
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (names === null) return null;
  if (names.length === 0) return removeEmpty(folder);
  await checkVersion(dataDir, folder);
  return folder;
}

async function removeEmpty(folder: string): Promise<null> {
  await rmdir(folder);
  return null;
}

async function checkVersion(dataDir: string, folder: string): Promise<void> {
  const version = await readFile(join(folder, 'PG_VERSION'), 'utf8').catch(() => null);
  if (version?.trim() === POSTGRES_VERSION) return;
  if (version === null) {
    const explanation = `its folder "${CLUSTER}" holds no database. Move it away, or name another folder in DATA_DIR.`;
    throw new DataFolderUnusableError(dataDir, 'foreign', explanation);
  }
  const explanation = `its database was made by PostgreSQL ${version.trim()}, this program brings ${POSTGRES_VERSION}. Start the version of the program that made it, dump it there, and restore the dump here.`;
  throw new DataFolderUnusableError(dataDir, 'other-version', explanation);
}

/** Makes the cluster from a dump. It gets its name only after `tryOut` has opened and closed it, so that neither a kill in
 * the middle nor a broken dump leaves something that looks like a database. */
export async function createCluster(
  dataDir: string,
  dump: Uint8Array,
  tryOut: (folder: string) => Promise<void>,
): Promise<string> {
  const unfinished = join(dataDir, UNFINISHED);
  await rm(unfinished, { recursive: true, force: true });
  try {
    await unpack(dump, unfinished);
    await access(join(unfinished, 'PG_VERSION'));
    await tryOut(unfinished);
    await syncTree(unfinished);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
  const folder = join(dataDir, CLUSTER);
  await rename(unfinished, folder);
  await syncPath(dataDir);
  return folder;
}

async function unpack(dump: Uint8Array, folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  for (const { name, kind, content } of readTar(await inflate(dump))) {
    const path = join(folder, name);
    await mkdir(kind === 'folder' ? path : dirname(path), { recursive: true, mode: 0o700 });
    if (kind === 'file') await writeFile(path, content, { mode: 0o600 });
  }
}

async function inflate(dump: Uint8Array): Promise<Uint8Array> {
  const isGzip = dump[0] === 0x1f && dump[1] === 0x8b;
  return isGzip ? promisify(gunzip)(dump) : dump;
}

/** A new, empty cluster as PostgreSQL's initdb makes it. Making it here would take 4 s and a gigabyte of memory. */
export async function emptyClusterDump(): Promise<Uint8Array> {
  const { dataDir } = await import('@electric-sql/pglite-prepopulatedfs');
  return new Uint8Array(await (await dataDir()).arrayBuffer());
}
