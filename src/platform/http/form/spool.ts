import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverErrors } from '../errors.ts';

/** Bytes that wait in a temporary file, which has no name any more: it is gone with its process, however that ends. */
export type Spool = AsyncDisposable & {
  /** Bytes so far. */
  readonly size: number;
  /** @throws ApiError ERR_SERVER_004 where there is no room */
  write(bytes: Uint8Array): Promise<void>;
  /** From `start` to `end`, in blocks; as often as one likes. */
  read(start: number, end: number): AsyncGenerator<Uint8Array>;
};

const BLOCK_BYTES = 256 * 1024;

/** Of all spools of this process: temporary files are in memory where a container has its /tmp there. */
let spooled = 0;

/** `mostBytes`: of all spools of this process together. */
export async function openSpool(mostBytes: number): Promise<Spool> {
  const file = await namelessFile();
  let size = 0;

  async function write(bytes: Uint8Array): Promise<void> {
    if (spooled + bytes.length > mostBytes) throw noRoom();
    spooled += bytes.length;
    const start = size;
    size += bytes.length;
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, start + done).catch(noRoomOnDisk);
      done += bytesWritten;
    }
  }

  async function* read(start: number, end: number): AsyncGenerator<Uint8Array> {
    for (let at = start; at < end; ) {
      const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, end - at));
      const { bytesRead } = await file.read(block, 0, block.length, at);
      if (bytesRead === 0) throw new Error('A temporary file is shorter than what was written to it.');
      at += bytesRead;
      yield block.subarray(0, bytesRead);
    }
  }

  return {
    get size() {
      return size;
    },
    write,
    read,
    [Symbol.asyncDispose]: async () => {
      spooled -= size;
      size = 0;
      await file.close();
    },
  };
}

async function namelessFile(): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-form-'));
  try {
    return await open(join(folder, 'form'), 'wx+', 0o600);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function noRoom(cause?: unknown) {
  return serverErrors.overloaded('There is no room now to keep this upload until it is whole. Try again in a moment.', {
    cause,
    headers: { 'retry-after': '5' },
  });
}

function noRoomOnDisk(error: NodeJS.ErrnoException): never {
  throw error.code === 'ENOSPC' || error.code === 'EDQUOT' ? noRoom(error) : error;
}
