import {
  type Declared,
  jsonLines,
  jsonObject,
  lineNumbers,
  type ManifestKind,
  numbered,
  record,
  texts,
  tomlTables,
} from './manifest.ts';

/** npm, Python, Ruby and PHP: the ecosystems of languages that are run as they are. */
export const SCRIPTED: readonly ManifestKind[] = [
  {
    ecosystem: 'npm',
    matches: (name) => name === 'package.json',
    read: ({ text }) => {
      const manifest = jsonObject(text) ?? {};
      const lineOf = jsonLines(text);
      const of = (field: string, dev: boolean) =>
        texts(manifest[field]).map(([name, requirement]) => ({ name, requirement, dev, line: lineOf(field, name) }));
      return [...of('dependencies', false), ...of('optionalDependencies', false), ...of('devDependencies', true)];
    },
    isLibrary: ({ text }) => isPublished(jsonObject(text) ?? {}),
    locks: [
      { name: 'package-lock.json', read: npmLock },
      { name: 'npm-shrinkwrap.json', read: npmLock },
      { name: 'yarn.lock', read: yarnLock },
      { name: 'pnpm-lock.yaml', read: pnpmLock },
      { name: 'bun.lock', read: bunLock },
    ],
  },
  {
    ecosystem: 'python',
    matches: (name, path) => /^requirements[\w.-]*\.txt$/.test(name) || /(^|\/)requirements\/[\w.-]+\.txt$/.test(path),
    read: ({ path, text }) =>
      numbered(text).flatMap(({ line, text: entry }) => requirement(entry, line, /dev|test|lint|doc/.test(path))),
    isLibrary: (_, beside) => beside(/(?:^|\/)setup\.(?:py|cfg)$/),
    locks: pythonLocks(),
  },
  {
    ecosystem: 'python',
    matches: (name) => name === 'pyproject.toml',
    read: ({ text }) => pyproject(text),
    // What only the index of packages reads.
    isLibrary: ({ text }) => /^\s*classifiers\s*=/m.test(text),
    locks: pythonLocks(),
  },
  {
    ecosystem: 'python',
    matches: (name) => name === 'Pipfile',
    read: ({ text }) =>
      tomlTables(text)
        .filter(({ table }) => table === 'packages' || table === 'dev-packages')
        .flatMap(({ table, entries }) =>
          entries.map(({ key, value, line }) => ({
            name: key,
            requirement: quotedVersion(value),
            dev: table === 'dev-packages',
            line,
          })),
        ),
    locks: pythonLocks(),
  },
  {
    ecosystem: 'rubygems',
    matches: (name) => name === 'Gemfile',
    read: ({ text }) => gemfile(text),
    isLibrary: (_, beside) => beside(/\.gemspec$/),
    locks: [{ name: 'Gemfile.lock', read: (text) => matchAll(text, /^ {4}([\w.-]+) \(([^)\n]+)\)$/gm) }],
  },
  {
    ecosystem: 'composer',
    matches: (name) => name === 'composer.json',
    read: ({ text }) => {
      const manifest = jsonObject(text) ?? {};
      const lineOf = jsonLines(text);
      return (['require', 'require-dev'] as const).flatMap((field) =>
        texts(manifest[field])
          // What is no package: the language and its extensions.
          .filter(([name]) => name.includes('/'))
          .map(([name, version]) => ({
            name,
            requirement: version,
            dev: field === 'require-dev',
            line: lineOf(field, name),
          })),
      );
    },
    isLibrary: ({ text }) => jsonObject(text)?.type === 'library',
    locks: [{ name: 'composer.lock', read: composerLock }],
  },
];

function pythonLocks(): ManifestKind['locks'] {
  const toml = (text: string) =>
    new Map(
      tomlTables(text)
        .filter(({ table }) => table === 'package')
        .map(({ entries }) => [
          normalName(quotedVersion(entries.find(({ key }) => key === 'name')?.value ?? '') ?? ''),
          quotedVersion(entries.find(({ key }) => key === 'version')?.value ?? '') ?? '',
        ]),
    );
  return [
    { name: 'poetry.lock', read: toml },
    { name: 'uv.lock', read: toml },
    { name: 'pdm.lock', read: toml },
    { name: 'Pipfile.lock', read: pipfileLock },
  ];
}

/** Whether npm's manifest says what only matters to who installs it. */
function isPublished(manifest: Record<string, unknown>): boolean {
  const said = ['files', 'exports', 'types', 'typings', 'publishConfig', 'peerDependencies'];
  return manifest.private !== true && said.some((field) => manifest[field] !== undefined);
}

/** Python's names are the same in any case, and with `-`, `_` and `.` alike. */
export function normalName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

const REQUIREMENT = /^([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(@\s*\S+|[<>=!~][^;#]*)?/;

function requirement(entry: string, line: number | null, dev: boolean): Declared[] {
  const text = entry.trim();
  if (text === '' || /^[#-]/.test(text)) return [];
  const found = REQUIREMENT.exec(text);
  return found?.[1] ? [{ name: found[1], requirement: found[2]?.trim() || null, dev, line }] : [];
}

function pyproject(text: string): Declared[] {
  return tomlTables(text).flatMap(({ table, entries }) =>
    entries.flatMap(({ key, value, line }) => {
      const lineIn = lineNumbers(value);
      const listed = (dev: boolean) =>
        [...value.matchAll(/"([^"\n]+)"|'([^'\n]+)'/g)].flatMap((found) => {
          return requirement(found[1] ?? found[2] ?? '', line + lineIn(found.index) - 1, dev);
        });
      if (table === 'project' && key === 'dependencies') return listed(false);
      if (table === 'project.optional-dependencies') return listed(/dev|test|lint|doc/.test(key));
      if (table === 'dependency-groups') return listed(true);
      const poetry = /^tool\.poetry\.(?:(dev-)?dependencies|group\.([\w-]+)\.dependencies)$/.exec(table);
      if (!poetry || key === 'python') return [];
      return [
        { name: key, requirement: quotedVersion(value), dev: poetry[1] !== undefined || poetry[2] !== undefined, line },
      ];
    }),
  );
}

/** `"1.0"`, or the version of `{ version = "1.0", … }`; null for any version. */
export function quotedVersion(value: string): string | null {
  const found = value.startsWith('{') ? /version\s*=\s*["']([^"']+)/.exec(value) : /^["']([^"']*)/.exec(value);
  const version = found?.[1] ?? '';
  return version === '' || version === '*' ? null : version;
}

function gemfile(text: string): Declared[] {
  let dev = false;
  let depth = 0;
  return numbered(text).flatMap(({ line, text: full }) => {
    const entry = full.trim();
    if (/^group\b.*\bdo\b/.test(entry)) {
      dev = /:(development|test)/.test(entry) && !/:production/.test(entry);
      depth = 1;
    } else if (/\bdo\b(\s*\|[^|]*\|)?$/.test(entry) && depth > 0) depth++;
    else if (entry === 'end' && depth > 0 && --depth === 0) dev = false;
    const found = /^gem\s*(?:\(\s*)?["']([^"']+)["'](?:\s*,\s*["']([^"']+)["'])?/.exec(entry);
    if (!found?.[1]) return [];
    return [
      {
        name: found[1],
        requirement: found[2] ?? null,
        dev: dev || /group:\s*(?:\[\s*)?:(development|test)/.test(entry),
        line,
      },
    ];
  });
}

function matchAll(text: string, pattern: RegExp): Map<string, string> {
  return new Map([...text.matchAll(pattern)].map((found) => [found[1] ?? '', found[2] ?? '']));
}

function npmLock(text: string): Map<string, string> {
  const lock = jsonObject(text) ?? {};
  const packages = Object.entries(record(lock.packages) ?? record(lock.dependencies) ?? {});
  return new Map(
    packages.flatMap(([path, entry]) => {
      const name = path.replace(/^node_modules\//, '');
      const version = record(entry)?.version;
      return typeof version === 'string' && !name.includes('node_modules/') ? [[name, version] as const] : [];
    }),
  );
}

function yarnLock(text: string): Map<string, string> {
  const found = new Map<string, string>();
  let names: string[] = [];
  for (const { text: line } of numbered(text)) {
    if (/^["\w@]/.test(line))
      names = line.split(',').map((entry) =>
        entry
          .trim()
          .replace(/"|:$/g, '')
          .replace(/^(@?[^@]+)@.*$/, '$1'),
      );
    const version = /^ {2}version:? "?([^"\s]+)/.exec(line)?.[1];
    if (!version) continue;
    for (const name of names) if (!found.has(name)) found.set(name, version);
    names = [];
  }
  return found;
}

function pnpmLock(text: string): Map<string, string> {
  return matchAll(text, /^ {2}['"]?\/?((?:@[\w.-]+\/)?[\w.-]+)@(\d[^:('"\s]*)/gm);
}

function bunLock(text: string): Map<string, string> {
  return matchAll(text, /^ {4}"[^"]+": \["((?:@[^/"]+\/)?[^@"]+)@(\d[^"]*)"/gm);
}

function pipfileLock(text: string): Map<string, string> {
  const lock = jsonObject(text) ?? {};
  const entries = [...Object.entries(record(lock.default) ?? {}), ...Object.entries(record(lock.develop) ?? {})];
  return new Map(
    entries.map(([name, entry]) => [normalName(name), String(record(entry)?.version ?? '').replace(/^==/, '')]),
  );
}

function composerLock(text: string): Map<string, string> {
  const lock = jsonObject(text) ?? {};
  const packages = ['packages', 'packages-dev'].flatMap((field) =>
    Array.isArray(lock[field]) ? (lock[field] as unknown[]) : [],
  );
  return new Map(packages.map((entry) => [String(record(entry)?.name ?? ''), String(record(entry)?.version ?? '')]));
}
