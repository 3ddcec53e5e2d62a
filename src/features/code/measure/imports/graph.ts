import type { CodeFile } from '../../analysis.ts';
import type { MeasuredFile } from '../measure-file.ts';
import type { ImportGraph } from '../metrics.ts';
import { type Edges, findCycles } from './cycles.ts';
import { importReaderOf } from './read-imports.ts';
import { ecmascriptResolver, pythonResolver, type Resolver } from './resolve.ts';

/** The graph of a code base's own imports, with what is counted of it. */
export type Imports = {
  readonly graph: ImportGraph;
  readonly edges: Edges;
  readonly lines: ReadonlyMap<string, number>;
};

/** Imports of one file, while its tokens are at hand. */
export type FileImports = {
  readonly path: string;
  readonly found: readonly { specifier: string; line: number; typeOnly: boolean }[];
  readonly python: boolean;
};

/** Null for languages whose imports do not name files, and for what is not the code base's own. */
export function importsOf({ file, language, metrics, tokens }: MeasuredFile): FileImports | null {
  const read = importReaderOf(language.name);
  if (!read || metrics.role === 'vendored' || metrics.role === 'generated') return null;
  // Declarations are types throughout, whatever form their imports have.
  const typesOnly = /\.d\.[cm]?ts$/.test(file.path);
  const found = read(file.text, tokens).map((entry) => (typesOnly ? { ...entry, typeOnly: true } : entry));
  return { path: file.path, found, python: language.name === 'Python' };
}

const MOST_IMPORTED = 20;

export function measureImports(read: readonly FileImports[], files: readonly CodeFile[]): Imports {
  const byPath = new Map(files.map(({ path, text }) => [path, text]));
  const resolvers = { ecmascript: ecmascriptResolver(byPath), python: pythonResolver(byPath) };
  const edges = new Map<string, Set<string>>();
  const running = new Map<string, Set<string>>();
  const lines = new Map<string, number>();
  let unresolved = 0;
  for (const { path, found, python } of read) {
    const targets = targetsOf(path, found, python ? resolvers.python : resolvers.ecmascript);
    unresolved += targets.filter(({ target }) => target === 'missing').length;
    const own = targets.filter(({ target }) => target !== 'missing');
    const atStart = own.filter(({ typeOnly }) => !typeOnly);
    edges.set(path, new Set(own.map(({ target }) => target)));
    running.set(path, new Set(atStart.map(({ target }) => target)));
    for (const { target, line } of atStart.toReversed()) lines.set(`${path}\n${target}`, line);
  }
  return {
    edges,
    lines,
    graph: {
      files: read.length,
      edges: [...edges.values()].reduce((sum, { size }) => sum + size, 0),
      unresolved,
      ...findCycles(running),
      mostImported: mostImported(edges),
    },
  };
}

function targetsOf(path: string, found: FileImports['found'], resolve: Resolver) {
  return found.flatMap(({ specifier, line, typeOnly }) => {
    const target = resolve(path, specifier);
    return target === null || target === path ? [] : [{ target, line, typeOnly }];
  });
}

function mostImported(edges: Edges): ImportGraph['mostImported'] {
  const importers = new Map<string, number>();
  for (const targets of edges.values()) {
    for (const target of targets) importers.set(target, (importers.get(target) ?? 0) + 1);
  }
  return [...importers]
    .map(([path, count]) => ({ path, importers: count }))
    .sort((a, b) => b.importers - a.importers || (a.path < b.path ? -1 : 1))
    .slice(0, MOST_IMPORTED);
}
