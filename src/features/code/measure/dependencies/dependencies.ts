import { posix } from 'node:path';
import type { CodeFile } from '../../analysis.ts';
import type { Dependencies, Dependency, Ecosystem } from '../metrics.ts';
import { roleOf } from '../roles.ts';
import { COMPILED } from './compiled.ts';
import type { Declared, ManifestKind } from './manifest.ts';
import { normalName, SCRIPTED } from './scripted.ts';

const KINDS: readonly ManifestKind[] = [...SCRIPTED, ...COMPILED];
const MOST_DECLARED = 5_000;
/** Characters of a manifest and of a lock file: what is larger is not read. Written manifests have some 10 KB. */
const LARGEST_MANIFEST = 128_000;
const LARGEST_LOCK = 20_000_000;
const MOST_MANIFESTS = 1_000;
const LONGEST_TEXT = 200;

type Lock = ReadonlyMap<string, string>;

/** Reads what the manifests of a code base declare, and what the lock files beside or above them resolve it to. */
export function measureDependencies(files: readonly CodeFile[]): Dependencies {
  const own = files.filter(({ path }) => !['vendored', 'generated', 'test'].includes(roleOf(path, '')));
  const byPath = new Map(own.map((file) => [file.path, file]));
  const locks = new Map<string, Lock>();
  const found = own.flatMap((file) => {
    if (file.text.length > LARGEST_MANIFEST) return [];
    const kind = KINDS.find(({ matches }) => matches(posix.basename(file.path), file.path));
    return kind ? [{ file, kind, lock: lockOf(file.path, kind, byPath, locks) }] : [];
  });
  const declared = found.flatMap(({ file, kind, lock }) =>
    kind.read(file).map((entry) => dependency(entry, kind.ecosystem, file.path, lock)),
  );
  declared.sort((a, b) => order(a.ecosystem, b.ecosystem) || order(a.name, b.name) || order(a.manifest, b.manifest));
  return {
    declared: declared.slice(0, MOST_DECLARED),
    manifests: found.slice(0, MOST_MANIFESTS).map(({ file, kind, lock }) => ({
      path: file.path,
      ecosystem: kind.ecosystem,
      locked: lock !== null || pinsItself(kind.ecosystem),
      library: kind.isLibrary?.(file, (name) => isBeside(file.path, name, own)) ?? false,
    })),
  };
}

function isBeside(path: string, name: RegExp, files: readonly CodeFile[]): boolean {
  const folder = posix.dirname(path);
  return files.some((file) => name.test(file.path) && posix.dirname(file.path) === folder);
}

/** The nearest lock file, from the manifest's folder upwards: workspaces have theirs at the root. `known`: those that were read. */
function lockOf(
  path: string,
  kind: ManifestKind,
  byPath: ReadonlyMap<string, CodeFile>,
  known: Map<string, Lock>,
): Lock | null {
  for (let folder = posix.dirname(path); ; folder = posix.dirname(folder)) {
    for (const { name, read } of kind.locks) {
      const lock = byPath.get(posix.join(folder, name));
      if (!lock || lock.text.length > LARGEST_LOCK) continue;
      const entries = known.get(lock.path) ?? read(lock.text);
      known.set(lock.path, entries);
      return entries;
    }
    if (folder === '.' || folder === '/') return null;
  }
}

function dependency(
  { name, requirement, dev, line }: Declared,
  ecosystem: Ecosystem,
  manifest: string,
  lock: Lock | null,
): Dependency {
  const locked = lock?.get(name) ?? lock?.get(ecosystem === 'python' ? normalName(name) : name.toLowerCase()) ?? null;
  return {
    name: shown(name),
    ecosystem,
    requirement: requirement === null ? null : shown(requirement),
    locked: locked === null ? null : shown(locked),
    pinned: locked !== null || isExact(requirement, ecosystem),
    dev,
    manifest,
    line,
  };
}

/** Who logs in at an address of ssh without a scheme, `name@host:path`; `git` is everybody. */
const SSH_LOGIN = /(^|[\s+])(?!git@)[^\s/@:]{1,200}(?::[^\s/@]{0,200})?@(?=[\w.-]{1,200}:)/g;
const SECRET_PARAMETER = /([?&][\w.-]{0,40}(?:token|key|secret|passw|auth|sig|credential)[\w.-]{0,40}=)[^&#\s]+/gi;

/** As it may be kept: without who logs in at an address, and with what. */
function shown(text: string): string {
  const bare = text.replace(/:\/\/[^\s/]*@/g, '://***@').slice(0, 10 * LONGEST_TEXT);
  return bare.replace(SSH_LOGIN, '$1***@').replace(SECRET_PARAMETER, '$1***').slice(0, LONGEST_TEXT);
}

/** Go's manifest names the versions that are built, and `go.sum` their hashes. */
function pinsItself(ecosystem: Ecosystem): boolean {
  return ecosystem === 'go';
}

const EXACT = /^[=v]?\s*\d[\w.+-]*$/;

/** Whether a requirement lets exactly one version in, as its ecosystem reads it. */
function isExact(requirement: string | null, ecosystem: Ecosystem): boolean {
  if (requirement === null) return false;
  const text = requirement.trim();
  switch (ecosystem) {
    case 'python':
      return /^===?\s*[^*,\s]+$/.test(text) || /^@.*(@|#sha256=)[0-9a-f]{7,}/.test(text);
    case 'cargo':
      return /^=\s*\d+\.\d+\.\d+/.test(text);
    case 'rubygems':
      return /^=?\s*\d+(\.\d+)+$/.test(text);
    case 'maven':
    case 'gradle':
      // What a property names stands once, in a parent or a list of versions.
      return !/[+[(,]|latest|SNAPSHOT/i.test(text);
    case 'nuget':
      return /^\[?\d[\w.-]*\]?$/.test(text);
    case 'swift':
      return /exact|revision/.test(text);
    case 'npm':
      return (
        /^(?:workspace|file|link|portal):/.test(text) ||
        /#[0-9a-f]{7,40}$/.test(text) ||
        (EXACT.test(text.replace(/^npm:.*@/, '')) && text.split('.').length > 2)
      );
    default:
      return EXACT.test(text);
  }
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
