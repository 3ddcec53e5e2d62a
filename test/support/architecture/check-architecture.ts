import { findCycles } from './import-cycles.ts';
import { type Import, readSourceFile, type SourceFile } from './source-file.ts';

/** What the tree promises, as tables. */
export type Architecture = {
  /** From left to right: each may import those to its right. `src/main.ts` belongs to the first. */
  rooms: readonly string[];
  /** Which feature may reach which. */
  featureArrows: Readonly<Record<string, readonly string[]>>;
  /** Where each npm package may be imported: a folder (`src/app/`), the end of a name (`*.store.ts`) or a file. */
  packages: Readonly<Record<string, readonly string[]>>;
  /** The files that may read the environment. */
  environmentReaders: readonly string[];
  /** Files outside src/ that product code may import. */
  outside: readonly string[];
  /** Breaks that are allowed, each with its reason; one that is not needed any more is itself a fault. */
  exceptions: readonly { file: string; target: string; reason: string }[];
};

const LONGEST_FILE = 400;

/** Compares files (path from the project's root → text) with the tables; returns each fault as a sentence with its place. */
export function checkArchitecture(tree: ReadonlyMap<string, string>, architecture: Architecture): string[] {
  const files = [...tree].map(([path, text]) => readSourceFile(path, text));
  const used = new Set<string>();
  const faults = files.flatMap((file) => [
    ...fileFaults(file, architecture),
    ...file.imports.flatMap((found) => importFaults(file, found, architecture, used)),
  ]);
  const cycles = findCycles(files).map((cycle) => `import cycle: ${[...cycle, cycle[0]].join('\n  → ')}`);
  const stale = architecture.exceptions
    .filter(({ file, target }) => !used.has(`${file} ${target}`))
    .map(({ file, target }) => `the exception ${file} → ${target} is not needed any more: remove it`);
  return [...faults, ...cycles, ...stale];
}

/** Tests, and what exists for them alone, wherever it lies. */
export function isTestCode(path: string): boolean {
  return /\.test\.ts$|(^|\/)fakes\.ts$|(^|\/)fake-[^/]+\.ts$|\/test-[^/]+\/|^test\//.test(path);
}

function fileFaults(file: SourceFile, { environmentReaders, rooms }: Architecture): string[] {
  const faults: string[] = [];
  const { path, lineCount } = file;
  if (lineCount > LONGEST_FILE)
    faults.push(`${path} has ${lineCount} lines; ${LONGEST_FILE} is the most: split it by idea`);
  if (roomOf(path, rooms) === null) faults.push(`${path} lies in no room: src/ holds ${rooms.join(', ')} and main.ts`);
  for (const line of file.starExports) faults.push(`${path}:${line} exports *: name what it offers, one by one`);
  if (isTestCode(path) || environmentReaders.includes(path)) return faults;
  for (const line of file.environmentReads) {
    faults.push(`${path}:${line} reads process.env: only ${environmentReaders.join(', ')} may, and passes values on`);
  }
  return faults;
}

type Rule = (file: string, target: string, architecture: Architecture) => string | null;

const RULES: readonly Rule[] = [roomRule, featureRule, layerRule, outsideRule, testRule];

function importFaults(file: SourceFile, found: Import, architecture: Architecture, used: Set<string>): string[] {
  const { path } = file;
  const { specifier, target, package: name, line } = found;
  const reasons =
    specifier === null
      ? ['what it imports is made at run time, so no rule can be checked: name it']
      : target === null
        ? [packageRule(path, name, specifier, architecture)]
        : RULES.map((rule) => rule(path, target, architecture));
  const shown = target ?? specifier ?? '?';
  const excepted = architecture.exceptions.some((exception) => exception.file === path && exception.target === shown);
  const faults = reasons
    .filter((reason) => reason !== null)
    .map((reason) => `${path}:${line} imports ${shown}: ${reason}`);
  if (!excepted || faults.length === 0) return faults;
  used.add(`${path} ${shown}`);
  return [];
}

function roomRule(file: string, target: string, { rooms }: Architecture): string | null {
  const [from, to] = [roomOf(file, rooms), roomOf(target, rooms)];
  if (from === null || to === null || rooms.indexOf(from) <= rooms.indexOf(to)) return null;
  return `${from} must not know ${to} (imports go ${rooms.join(' → ')})`;
}

function featureRule(file: string, target: string, architecture: Architecture): string | null {
  const [from, to] = [featureOf(file), featureOf(target)];
  if (to === null || from === to) return null;
  if (target !== `src/features/${to}/index.ts`) return `a feature is reached through its index.ts only`;
  if (from === null) return null;
  const arrows = architecture.featureArrows[from] ?? [];
  if (arrows.includes(to)) return null;
  return `there is no arrow ${from} → ${to}; declared are ${arrows.join(', ') || 'none'}`;
}

/** What the files of a feature may not know of each other, by the ends of their names. */
const LAYERS: readonly { file: string; target: readonly string[]; reason: string }[] = [
  { file: '.routes.ts', target: ['.store.ts'], reason: 'a route calls a service, never a store' },
  { file: '.jobs.ts', target: ['.store.ts', '.routes.ts'], reason: 'a job calls a service' },
  { file: '.service.ts', target: ['.routes.ts'], reason: 'a service knows no HTTP' },
  { file: '.store.ts', target: ['.service.ts', '.routes.ts'], reason: 'a store knows nothing but its tables' },
  { file: '.policy.ts', target: ['.store.ts', '.service.ts', '.routes.ts'], reason: 'a policy is pure' },
];

function layerRule(file: string, target: string): string | null {
  const layer = LAYERS.find((candidate) => file.endsWith(candidate.file));
  return layer?.target.some((end) => target.endsWith(end)) ? layer.reason : null;
}

function outsideRule(file: string, target: string, { outside }: Architecture): string | null {
  if (isTestCode(file) || target.startsWith('src/') || outside.includes(target)) return null;
  return 'it lies outside src/';
}

function testRule(file: string, target: string): string | null {
  return !isTestCode(file) && isTestCode(target) ? 'the product must not need its tests' : null;
}

function packageRule(file: string, name: string | null, specifier: string, { packages }: Architecture): string | null {
  if (isTestCode(file)) return null;
  if (file.startsWith('src/lib/')) return 'lib is pure: no packages, and nothing of Node';
  if (name === null) return null;
  const places = packages[name];
  if (!places) return `${specifier} has no place yet: say in test/architecture.test.ts which files may know it`;
  return places.some((place) => covers(place, file)) ? null : `${name} belongs to ${places.join(', ')}`;
}

function covers(place: string, file: string): boolean {
  if (place.startsWith('*')) return file.endsWith(place.slice(1));
  return place.endsWith('/') ? file.startsWith(place) : file === place;
}

function roomOf(path: string, rooms: readonly string[]): string | null {
  if (path === 'src/main.ts') return rooms[0] ?? null;
  const room = /^src\/([^/]+)\//.exec(path)?.[1];
  return room !== undefined && rooms.includes(room) ? room : null;
}

function featureOf(path: string): string | null {
  return /^src\/features\/([^/]+)\//.exec(path)?.[1] ?? null;
}
