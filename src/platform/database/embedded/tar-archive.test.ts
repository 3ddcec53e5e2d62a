import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readTar } from './tar-archive.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-tar-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function tar(...args: string[]): Buffer {
  return execFileSync('tar', ['--format=ustar', '-cf', '-', ...args], { cwd: folder });
}

it('reads what tar writes', () => {
  mkdirSync(join(folder, 'base/1'), { recursive: true });
  writeFileSync(join(folder, 'base/1/empty'), '');
  writeFileSync(join(folder, 'base/1/block'), 'x'.repeat(512));
  writeFileSync(join(folder, 'base/1/more'), 'x'.repeat(513));
  const entries = [...readTar(tar('--sort=name', './base'))].map(({ name, kind, content }) => [
    name,
    kind,
    content.length,
  ]);
  expect(entries).toEqual([
    ['base', 'folder', 0],
    ['base/1', 'folder', 0],
    ['base/1/block', 'file', 512],
    ['base/1/empty', 'file', 0],
    ['base/1/more', 'file', 513],
  ]);
});

it('refuses a path that leads out', () => {
  writeFileSync(join(folder, 'evil'), 'x');
  const archive = tar('--transform=s,evil,../../evil,', 'evil');
  expect(() => [...readTar(archive)]).toThrow('leads out');
});

it('refuses links, which could lead out as well', () => {
  execFileSync('ln', ['-s', '/etc', join(folder, 'link')]);
  expect(() => [...readTar(tar('link'))]).toThrow('more than files and folders');
});

it('refuses what is cut off, changed or no archive', () => {
  writeFileSync(join(folder, 'file'), 'x'.repeat(2000));
  const archive = tar('file');
  expect(() => [...readTar(archive.subarray(0, 1024))]).toThrow('ends in the middle');
  archive[0] = 0x41;
  expect(() => [...readTar(archive)]).toThrow('not a tar archive');
  expect(() => [...readTar(new Uint8Array(0))]).toThrow('empty');
});
