import { createHash } from 'node:crypto';
import { openStream, sealStream } from '../../../platform/secrets/sealed-stream.ts';
import type { SecretBox } from '../../../platform/secrets/secret-box.ts';
import type { ObjectStorage } from '../../../platform/storage/object-storage.ts';
import { BackupBrokenError } from './backup-lines.ts';

/** What is known of a backup without its key: `<id>/backup.json`, written last, so that one that was broken off is none. */
export type BackupRecord = {
  id: string;
  /** Null: the whole installation. */
  tenant: string | null;
  /** The moment whose committed rows it holds. */
  taken_at: string;
  /** How long it took to make, seconds. */
  seconds: number;
  program: string;
  database: 'embedded' | 'server';
  /** Null: of a tenant's archive, which counts them itself. */
  rows: number | null;
  schemas: number;
  bytes: number;
  parts: readonly { bytes: number; sha256: string }[];
};

/** `<id>/restored.json`: it was restored for trial, and was whole. */
export type RestoreTrial = { at: string; seconds: number; rows: number };

/** Backups in a folder or a bucket, sealed with the installation's key. */
export type BackupShelf = {
  readonly location: string;
  /** Keeps what `content` yields; `describe` is asked when all of it is kept. */
  put(
    id: string,
    content: AsyncIterable<Uint8Array>,
    describe: () => Omit<BackupRecord, 'id' | 'bytes' | 'parts'>,
  ): Promise<BackupRecord>;
  /** @throws BackupBrokenError | SealBrokenError, before or in the middle */
  open(record: BackupRecord): AsyncIterable<Buffer>;
  /** The newest first. */
  list(): Promise<readonly (BackupRecord & { trial: RestoreTrial | null })[]>;
  /** Null where there is none. */
  find(id: string): Promise<BackupRecord | null>;
  noteTrial(id: string, trial: RestoreTrial): Promise<void>;
  remove(id: string): Promise<void>;
  /** Removes parts of backups that were begun before then and never finished. */
  removeUnfinished(begunBefore: Date): Promise<void>;
};

/** A backup of any length is kept in pieces that fit in memory. */
const PART_BYTES = 16 * 1024 * 1024;
const RECORD = 'backup.json';
const TRIAL = 'restored.json';

export function createBackupShelf(storage: ObjectStorage, box: SecretBox): BackupShelf {
  const readJson = async <T>(key: string): Promise<T | null> => {
    const bytes = await storage.get(key);
    return bytes === null ? null : (JSON.parse(bytes.toString()) as T);
  };
  const put = (key: string, value: unknown) => storage.put(key, Buffer.from(`${JSON.stringify(value, null, 2)}\n`));
  const find = (id: string) => (ID.test(id) ? readJson<BackupRecord>(`${id}/${RECORD}`) : Promise.resolve(null));
  const removeFolder = async (id: string) => {
    // The record first: what is left of it after a failure is an unfinished one.
    await storage.delete(`${id}/${RECORD}`);
    for (const key of await Array.fromAsync(storage.list(`${id}/`))) await storage.delete(key);
  };

  return {
    location: storage.location,
    find,
    put: async (id, content, describe) => {
      const parts: { bytes: number; sha256: string }[] = [];
      for await (const part of inParts(sealStream(box, contextOf(id), content))) {
        await storage.put(partKey(id, parts.length), part);
        parts.push({ bytes: part.length, sha256: sha256(part) });
      }
      const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
      const record = { id, ...describe(), bytes, parts };
      await put(`${id}/${RECORD}`, record);
      return record;
    },
    open: (record) => openStream(box, contextOf(record.id), readParts(storage, record)),
    list: async () => {
      const keys = await Array.fromAsync(storage.list(''));
      const ids = keys.filter((key) => key.endsWith(`/${RECORD}`)).map((key) => key.slice(0, -RECORD.length - 1));
      const found = await Promise.all(
        ids.map(async (id) => {
          const record = await find(id);
          return record && { ...record, trial: await readJson<RestoreTrial>(`${id}/${TRIAL}`) };
        }),
      );
      return found.filter((record) => record !== null).sort((a, b) => (a.taken_at < b.taken_at ? 1 : -1));
    },
    noteTrial: (id, trial) => put(`${id}/${TRIAL}`, trial),
    remove: removeFolder,
    removeUnfinished: async (begunBefore) => {
      const last = timeOf(begunBefore);
      const keys = await Array.fromAsync(storage.list(''));
      const finished = new Set(keys.filter((key) => key.endsWith(`/${RECORD}`)).map(folderOf));
      const left = new Set(keys.map(folderOf).filter((id) => ID.test(id) && id < last && !finished.has(id)));
      for (const id of left) await removeFolder(id);
    },
  };
}

/** `20261125T233000Z-whole-1a2b3c`: sorts by time, and says what it is. */
const ID = /^\d{8}T\d{6}Z-[a-z0-9-]+-[0-9a-f]{6}$/;

export function backupId(now: Date, tenant: string | null, random: string): string {
  return `${timeOf(now)}-${tenant === null ? 'whole' : `tenant-${tenant}`}-${random}`;
}

function timeOf(moment: Date): string {
  return moment.toISOString().replace(/\.\d+|[-:]/g, '');
}

function contextOf(id: string): string {
  return `backup\n${id}`;
}

function folderOf(key: string): string {
  return key.split('/', 1)[0] ?? '';
}

function partKey(id: string, number: number): string {
  return `${id}/part-${String(number).padStart(6, '0')}`;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function* inParts(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const bytes of source) {
    held.push(bytes);
    size += bytes.length;
    if (size < PART_BYTES) continue;
    yield Buffer.concat(held);
    held = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(held);
}

async function* readParts(storage: ObjectStorage, { id, parts }: BackupRecord): AsyncGenerator<Buffer> {
  for (const [number, { sha256: expected }] of parts.entries()) {
    const bytes = await storage.get(partKey(id, number));
    if (bytes === null) throw new BackupBrokenError(`The backup ${id} lacks its part ${number}.`);
    if (sha256(bytes) !== expected) throw new BackupBrokenError(`The backup ${id} is damaged in its part ${number}.`);
    yield bytes;
  }
}
