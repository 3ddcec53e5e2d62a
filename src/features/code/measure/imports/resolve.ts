import { posix } from 'node:path';
import { jsonObject, record } from '../dependencies/manifest.ts';

/** Where an import leads: a file of the code base; `missing` where it should; null where it leads out of it. */
export type Target = string | 'missing' | null;

export type Resolver = (from: string, specifier: string) => Target;

const ENDINGS = ['', '.ts', '.tsx', '.d.ts', '.js', '.jsx', '.mjs', '.cjs', '.mts', '.cts', '.json', '.vue', '.svelte'];
const INDEXES = ['/index.ts', '/index.tsx', '/index.js', '/index.jsx', '/index.mjs'];
/** Files that are no code, or that a build makes. */
const NO_CODE =
  /\.(css|scss|less|svg|png|jpe?g|gif|webp|woff2?|html|md|txt|graphql|wasm|node|json)(\?.*)?$|\?|\/(dist|build|generated)\//;

/** For relative imports, aliases of `tsconfig.json`, and packages of the same workspace. */
export function ecmascriptResolver(files: ReadonlyMap<string, string>): Resolver {
  const aliases = aliasesOf(files);
  const packages = packagesOf(files);
  const existing = (path: string): string | null => {
    const bare = path.replace(/\.(js|jsx|mjs|cjs)$/, '');
    for (const stem of bare === path ? [path] : [path, bare]) {
      for (const ending of [...ENDINGS, ...INDEXES]) if (files.has(stem + ending)) return stem + ending;
    }
    return null;
  };
  const relative = (from: string, specifier: string): Target => {
    const path = posix.join(posix.dirname(from), specifier);
    return existing(path) ?? (NO_CODE.test(specifier) || path.startsWith('..') ? null : 'missing');
  };
  const aliased = (specifier: string): string | null => {
    const candidates = aliases.filter(({ prefix }) => specifier.startsWith(prefix));
    return firstFound(candidates, ({ prefix, target }) => existing(posix.join(target, specifier.slice(prefix.length))));
  };
  const ofWorkspace = (specifier: string): string | null => {
    const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
    const folder = packages.get(name);
    if (folder === undefined) return null;
    const rest = specifier.slice(name.length);
    return existing(posix.join(folder, rest)) ?? existing(posix.join(folder, 'src', rest));
  };
  return (from, specifier) =>
    specifier.startsWith('.') ? relative(from, specifier) : (aliased(specifier) ?? ofWorkspace(specifier));
}

function firstFound<T>(candidates: Iterable<T>, find: (candidate: T) => string | null): string | null {
  for (const candidate of candidates) {
    const found = find(candidate);
    if (found) return found;
  }
  return null;
}

/** `compilerOptions.paths` of each `tsconfig.json`, the longest prefix first. */
function aliasesOf(files: ReadonlyMap<string, string>): { prefix: string; target: string }[] {
  const found = [...files].flatMap(([path, text]) => {
    if (!/(^|\/)[jt]sconfig(\.base)?\.json$/.test(path) || text.length > 50_000) return [];
    const options = record(jsonObject(withoutComments(text))?.compilerOptions);
    const base = posix.join(posix.dirname(path), typeof options?.baseUrl === 'string' ? options.baseUrl : '.');
    return Object.entries(record(options?.paths) ?? {}).flatMap(([alias, targets]) => {
      const target = Array.isArray(targets) ? targets[0] : null;
      if (typeof target !== 'string' || !alias.endsWith('/*') || !target.endsWith('/*')) return [];
      return [{ prefix: alias.slice(0, -1), target: posix.join(base, target.slice(0, -1)) }];
    });
  });
  return found.sort((a, b) => b.prefix.length - a.prefix.length || (a.prefix < b.prefix ? -1 : 1));
}

function withoutComments(text: string): string {
  return text.replace(/^\s*\/\/.*$/gm, '').replace(/,(\s*[}\]])/g, '$1');
}

function packagesOf(files: ReadonlyMap<string, string>): Map<string, string> {
  const found = new Map<string, string>();
  for (const [path, text] of files) {
    if (posix.basename(path) !== 'package.json' || path.includes('node_modules/') || text.length > 128_000) continue;
    const name = jsonObject(text)?.name;
    if (typeof name === 'string' && name !== '') found.set(name, posix.dirname(path));
  }
  return found;
}

/** For modules below the root, below `src`, and below each folder that holds a manifest of Python. */
export function pythonResolver(files: ReadonlyMap<string, string>): Resolver {
  const roots = new Set(['.', 'src']);
  for (const path of files.keys()) {
    if (!/(^|\/)(pyproject\.toml|setup\.py|setup\.cfg|manage\.py)$/.test(path)) continue;
    roots.add(posix.dirname(path));
    roots.add(posix.join(posix.dirname(path), 'src'));
  }
  const existing = (module: string): string | null => {
    for (const ending of ['.py', '/__init__.py', '.pyi']) if (files.has(module + ending)) return module + ending;
    return null;
  };
  /** The last part may be a name within the module. */
  const moduleOrParent = (path: string): string | null => existing(path) ?? existing(posix.dirname(path));
  const relative = (from: string, rest: string, dots: number): Target => {
    const base = posix.join(posix.dirname(from), '../'.repeat(dots - 1));
    const found = moduleOrParent(posix.join(base, rest)) ?? existing(base);
    return found ?? (base.startsWith('..') ? null : 'missing');
  };
  return (from, specifier) => {
    const dots = /^\.*/.exec(specifier)?.[0].length ?? 0;
    const rest = specifier.slice(dots).replaceAll('.', '/');
    if (dots > 0) return relative(from, rest, dots);
    const find = rest.includes('/') ? moduleOrParent : existing;
    return firstFound(roots, (root) => find(posix.join(root, rest)));
  };
}
