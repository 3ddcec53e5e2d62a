import { posix } from 'node:path';
import type { CodeFile, Seen } from '../../analysis.ts';
import type { FileMetrics, Metrics } from '../../measure/metrics.ts';

/** Folders of product code, by their names in lower case; each with the first path that has it. */
type Folders = ReadonlyMap<string, { readonly path: string; readonly files: number }>;

type Pattern = { readonly name: string; readonly signs: (signs: Signs) => string | null };
type Signs = {
  readonly folders: Folders;
  readonly paths: ReadonlySet<string>;
  readonly metrics: Metrics;
  readonly texts: ReadonlyMap<string, string>;
};

const PATTERNS: readonly Pattern[] = [
  { name: 'Model-View-Controller', signs: ({ folders }) => all(folders, ['controllers', 'models']) },
  {
    name: 'Component-based front end',
    signs: ({ folders, metrics }) => (hasFrontEnd(metrics) ? all(folders, ['components']) : null),
  },
  {
    name: 'Repository pattern',
    signs: ({ folders, metrics }) => all(folders, ['repositories']) ?? named(metrics, /[._-]?repository\.\w+$/i, 2),
  },
  {
    name: 'Service layer',
    signs: ({ folders, metrics }) => all(folders, ['services']) ?? named(metrics, /[._-]service\.\w+$/i, 3),
  },
  {
    name: 'Hexagonal or clean architecture',
    signs: ({ folders }) =>
      all(folders, ['domain', 'infrastructure']) ??
      all(folders, ['domain', 'application']) ??
      all(folders, ['ports', 'adapters']),
  },
  { name: 'CQRS', signs: ({ folders }) => all(folders, ['commands', 'queries']) },
  { name: 'Feature modules', signs: ({ folders }) => several(folders, ['features', 'modules']) },
  { name: 'Monorepo', signs: monorepo },
  { name: 'Several services', signs: services },
  {
    name: 'Containerised',
    signs: ({ paths }) => [...paths].find((path) => /(^|\/)(Dockerfile|Containerfile)(\.[\w-]+)?$/.test(path)) ?? null,
  },
  {
    name: 'Described API',
    signs: ({ paths }) =>
      [...paths].find((path) => /(^|\/)(openapi|swagger)[\w.-]*\.(ya?ml|json)$|\.(proto|graphqls?)$/i.test(path)) ??
      null,
  },
];

/** Signs in folders and manifests, each with what was seen. A sign is no proof: the name says what the folders say. */
export function patternsOf(files: readonly CodeFile[], metrics: Metrics): Seen[] {
  const signs: Signs = {
    folders: foldersOf(metrics.files),
    paths: new Set(files.map(({ path }) => path)),
    metrics,
    texts: new Map(files.map(({ path, text }) => [path, text])),
  };
  return PATTERNS.flatMap(({ name, signs: find }) => {
    const evidence = find(signs);
    return evidence === null ? [] : [{ name, evidence }];
  });
}

function foldersOf(files: readonly FileMetrics[]): Folders {
  const folders = new Map<string, { path: string; files: number }>();
  for (const { path, role, functions } of files) {
    if (role !== 'product' || functions === 0) continue;
    const parts = posix.dirname(path).split('/');
    for (const [at, part] of parts.entries()) {
      const known = folders.get(part.toLowerCase());
      if (known) known.files++;
      else folders.set(part.toLowerCase(), { path: parts.slice(0, at + 1).join('/'), files: 1 });
    }
  }
  return folders;
}

/** Two files each: one file in a folder is no architecture. */
function all(folders: Folders, names: readonly string[]): string | null {
  const found = names.map((name) => folders.get(name) ?? folders.get(name.replace(/s$/, '')));
  if (!found.every((folder) => folder !== undefined && folder.files > 1)) return null;
  return found.map((folder) => `${folder?.path}/`).join(' and ');
}

function several(folders: Folders, names: readonly string[]): string | null {
  for (const name of names) {
    const folder = folders.get(name);
    if (folder && folder.files > 5) return `${folder.path}/`;
  }
  return null;
}

function named({ files }: Metrics, pattern: RegExp, least: number): string | null {
  const found = files.filter(({ role, path }) => role === 'product' && pattern.test(path));
  return found.length >= least ? `${found.length} files such as ${found[0]?.path}` : null;
}

function hasFrontEnd({ dependencies }: Metrics): boolean {
  return dependencies.declared.some(({ name }) => /^(react|preact|vue|svelte|solid-js|@angular\/core)$/.test(name));
}

const WORKSPACES: readonly (readonly [file: RegExp, text: RegExp, shown: string])[] = [
  [/^(?:pnpm-workspace\.yaml|lerna\.json|go\.work)$/, /^/, ''],
  [/^package\.json$/, /"workspaces"\s*:/, 'workspaces in '],
  [/^Cargo\.toml$/, /^\[workspace\]/m, '[workspace] in '],
  [/^pom\.xml$/, /<modules>/, '<modules> in '],
  [/^settings\.gradle(\.kts)?$/, /^[ \t]*include\b/m, 'include in '],
];

/** What package managers call a workspace; more than one manifest alone is none. */
function monorepo({ texts }: Signs): string | null {
  for (const [path, text] of texts) {
    const found = WORKSPACES.find(([file, sign]) => file.test(path) && sign.test(text));
    if (found) return found[2] + path;
  }
  return null;
}

/** Two programs of one's own that are built apart; a database beside the program makes no second service. */
function services({ paths }: Signs): string | null {
  const built = [...paths].filter((path) =>
    /^(?:services|apps|cmd|microservices)\/[^/]+\/(?:.*\/)?(?:Dockerfile|main\.go)$/.test(path),
  );
  const folders = new Set(built.map((path) => path.split('/').slice(0, 2).join('/')));
  return folders.size > 1 ? built.slice(0, 3).join(', ') : null;
}
