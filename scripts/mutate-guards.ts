/**
 * Shows that each guard is held by a test: takes one out at a time, in a copy of the tree, and runs the test that must then
 * fail. `node scripts/mutate-guards.ts [name …]`; some minutes. Exit code 1 when a guard can go unnoticed.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mutated, mutations } from '../test/support/guard-mutations.ts';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

const wanted = process.argv.slice(2);
const chosen = mutations.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
if (chosen.length === 0) fail(`There are: ${mutations.map(({ name }) => name).join(', ')}.`);

const held = new Map<string, boolean>();
const copy = copyOfTree();
try {
  const unnoticed = chosen.filter((mutation) => !isNoticed(mutation));
  if (unnoticed.length > 0)
    fail(`Nothing notices that these are gone: ${unnoticed.map(({ name }) => name).join(', ')}`);
} finally {
  rmSync(copy, { recursive: true });
}

function isNoticed({ name, file, find, replace, test }: (typeof mutations)[number]): boolean {
  const path = join(copy, file);
  const whole = readFileSync(path, 'utf8');
  const began = performance.now();
  try {
    if (!holds(test)) fail(`${test.file} › ${test.name} fails with every guard in place.`);
    writeFileSync(path, mutated(whole, { find, replace }));
    const noticed = !passes(test);
    const seconds = Math.round((performance.now() - began) / 1000);
    console.log(
      `${noticed ? 'noticed  ' : 'UNNOTICED'}  ${name} (${file}) by ${test.file} › ${test.name}, ${seconds} s`,
    );
    return noticed;
  } finally {
    writeFileSync(path, whole);
  }
}

/** Whether a test passes with every guard in place; several guards may be held by the same. */
function holds(test: { file: string; name: string }): boolean {
  const key = `${test.file} ${test.name}`;
  held.set(key, held.get(key) ?? passes(test));
  return held.get(key) ?? false;
}

function passes({ file, name }: { file: string; name: string }): boolean {
  const args = ['run', file, '-t', name, '--bail', '1'];
  return spawnSync(join(copy, 'node_modules/.bin/vitest'), args, { cwd: copy, stdio: 'ignore' }).status === 0;
}

/** What git knows of, changed or not; the packages are the tree's own. */
function copyOfTree(): string {
  const folder = mkdtempSync(join(tmpdir(), 'parley-mutants-'));
  const listed = spawnSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: PROJECT, encoding: 'utf8' });
  for (const file of listed.stdout.split('\n').filter(Boolean)) {
    cpSync(join(PROJECT, file), join(folder, file), { recursive: true });
  }
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
