import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type S3Peer, startS3 } from '../../../test/support/s3.ts';
import type { ObjectStorage } from './object-storage.ts';
import { createObjectStorage } from './open-storage.ts';

let folder: string;
let s3: S3Peer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-objects-'));
  s3 = await startS3('parley-test');
});
afterAll(async () => {
  await s3.stop();
  await rm(folder, { recursive: true });
});

describe.each([
  ['a folder', () => createObjectStorage(join(folder, 'objects'), { pathStyle: false })],
  ['a bucket', () => createObjectStorage('s3://parley-test', { pathStyle: true })],
  ['a part of a bucket', () => createObjectStorage('s3://parley-test/some/prefix/', { pathStyle: true })],
])('objects in %s', (_kind, open: () => ObjectStorage) => {
  test('come back as they were put, and in order', async () => {
    const storage = open();
    for (const key of ['a/2.bin', 'a/10.bin', 'b/1.bin']) await storage.put(key, Buffer.from(key));
    await storage.put('a/2.bin', Buffer.from([0, 255, 1]));
    expect(await storage.get('a/2.bin')).toEqual(Buffer.from([0, 255, 1]));
    expect(await Array.fromAsync(storage.list('a/'))).toEqual(['a/10.bin', 'a/2.bin']);
    expect(await Array.fromAsync(storage.list('a/', 'a/10.bin'))).toEqual(['a/2.bin']);
    expect(await Array.fromAsync(storage.list('a/', 'a/2.bin'))).toEqual([]);
  });

  test('are gone when deleted; what is not there is null, and can be deleted again', async () => {
    const storage = open();
    await storage.put('gone.bin', Buffer.from('x'));
    await storage.delete('gone.bin');
    await storage.delete('gone.bin');
    expect(await storage.get('gone.bin')).toBeNull();
    expect(await Array.fromAsync(storage.list('gone'))).toEqual([]);
  });
});

test('an empty folder, and one that is not there, have no objects', async () => {
  const storage = createObjectStorage(join(folder, 'none'), { pathStyle: false });
  expect(await Array.fromAsync(storage.list(''))).toEqual([]);
});

test('a key never leads out of the folder', async () => {
  const storage = createObjectStorage(join(folder, 'closed'), { pathStyle: false });
  await expect(storage.put('../out', Buffer.from('x'))).rejects.toThrow('leads out of its folder');
  await expect(storage.get('/etc/passwd')).rejects.toThrow('leads out of its folder');
});

test('only this user may read what is put, and a write that died is no object', async () => {
  const path = join(folder, 'private');
  const storage = createObjectStorage(path, { pathStyle: false });
  await storage.put('one/object', Buffer.from('x'));
  expect((await stat(join(path, 'one', 'object'))).mode & 0o777).toBe(0o600);
  await writeFile(join(path, 'one', 'half.draft'), 'x');
  expect(await Array.fromAsync(storage.list(''))).toEqual(['one/object']);
  expect(await readdir(join(path, 'one'))).toHaveLength(2);
});

test('a bucket that is not there is an error, not an empty storage', async () => {
  const storage = createObjectStorage('s3://no-such-bucket', { pathStyle: true });
  await expect(storage.put('x', Buffer.from('x'))).rejects.toThrow(/bucket/i);
});
