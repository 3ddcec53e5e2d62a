import { describe, expect, it } from 'vitest';
import { bomb, buildZip } from '../../../../../test/support/build-zip.ts';
import { buildCompoundFile } from '../fixtures/build-compound-file.ts';
import { CompoundFile } from './compound-file.ts';
import { ZipArchive } from './zip-archive.ts';

const text = (bytes: Uint8Array | null): string | null => bytes && Buffer.from(bytes).toString();

describe('ZipArchive', () => {
  it('reads parts by name, whatever the letters’ case, the slashes and what stands before the archive', () => {
    const bytes = Buffer.concat([Buffer.from('#!/bin/sh\n'), buildZip({ 'Word/Document.xml': 'hello', b: '' })]);
    const zip = new ZipArchive(bytes, { maxUnpackedBytes: 100 });
    expect(text(zip.read('/word\\document.xml'))).toBe('hello');
    expect(text(zip.read('b'))).toBe('');
    expect(zip.read('c')).toBeNull();
  });

  it.each([bomb(50_000_000), bomb(50_000_000, 10)])('stops unpacking when the budget is spent', (part) => {
    const zip = new ZipArchive(buildZip({ a: part }), { maxUnpackedBytes: 1_000_000 });
    expect(() => zip.read('a')).toThrow(expect.objectContaining({ failure: 'too-large' }));
  });

  it('counts all parts against one budget', () => {
    const zip = new ZipArchive(buildZip({ a: bomb(600), b: bomb(600) }), { maxUnpackedBytes: 1_000 });
    expect(zip.read('a')).toHaveLength(600);
    expect(() => zip.read('b')).toThrow(expect.objectContaining({ failure: 'too-large' }));
  });

  it('says that an encrypted part is locked and a broken one damaged', () => {
    const locked = new ZipArchive(buildZip({ a: 'x' }, { encrypted: true }), { maxUnpackedBytes: 100 });
    expect(() => locked.read('a')).toThrow(expect.objectContaining({ failure: 'password-protected' }));
    const garbage = { packed: Buffer.from([0xff, 0xff, 0xff]), claimedSize: 3 };
    const broken = new ZipArchive(buildZip({ a: garbage }), { maxUnpackedBytes: 100 });
    expect(() => broken.read('a')).toThrow(expect.objectContaining({ failure: 'damaged' }));
    expect(() => new ZipArchive(Buffer.from('PK'), { maxUnpackedBytes: 100 })).toThrow(
      expect.objectContaining({ failure: 'damaged' }),
    );
  });

  it('gives what there is of a part that was cut off', () => {
    const whole = buildZip({ a: 'word '.repeat(5_000) });
    const half = Buffer.from(whole);
    half.writeUInt32LE(Math.floor(half.readUInt32LE(18) / 2), half.indexOf(Buffer.from([0x50, 0x4b, 1, 2])) + 20);
    const read = text(new ZipArchive(half, { maxUnpackedBytes: 100_000 }).read('a'));
    expect(read?.startsWith('word word')).toBe(true);
  });
});

describe('CompoundFile', () => {
  const streams = { First: Buffer.from('one'), 'Folder/Second': Buffer.alloc(2_000, 'two ') };

  it('reads streams, also in storages', () => {
    const file = new CompoundFile(buildCompoundFile(streams));
    expect(file.paths.sort()).toEqual(['First', 'Folder/Second']);
    expect(text(file.read('first'))).toBe('one');
    expect(file.read('Folder/Second')).toHaveLength(2_000);
    expect(file.read('Third')).toBeNull();
  });

  it('ends when chains and siblings run in circles', () => {
    const bytes = Buffer.from(buildCompoundFile(streams));
    for (let offset = 512; offset + 4 <= bytes.length; offset += 4) {
      if (bytes.readUInt32LE(offset) > 0xfffffffa || bytes.readUInt32LE(offset) < 8) {
        const looped = Buffer.from(bytes);
        looped.writeUInt32LE(1, offset);
        const file = new CompoundFile(looped);
        for (const path of file.paths) expect((file.read(path) ?? []).length).toBeLessThanOrEqual(bytes.length);
      }
    }
  });
});
