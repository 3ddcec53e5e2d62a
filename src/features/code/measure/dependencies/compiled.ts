import { type Declared, lineNumbers, type ManifestKind, numbered, tomlTables } from './manifest.ts';
import { quotedVersion } from './scripted.ts';

/** Go, Maven, Gradle, Cargo, .NET and Swift: the ecosystems of languages that are compiled. */
export const COMPILED: readonly ManifestKind[] = [
  {
    ecosystem: 'go',
    matches: (name) => name === 'go.mod',
    read: ({ text }) => goModules(text),
    locks: [],
  },
  { ecosystem: 'maven', matches: (name) => name === 'pom.xml', read: ({ text }) => pom(text), locks: [] },
  {
    ecosystem: 'gradle',
    matches: (name) => /^build\.gradle(\.kts)?$/.test(name),
    read: ({ text }) => gradle(text),
    locks: [{ name: 'gradle.lockfile', read: (text) => resolved(text, /^([\w.-]+:[\w.-]+):([^=\s]+)=/gm) }],
  },
  {
    ecosystem: 'gradle',
    matches: (name, path) => name === 'libs.versions.toml' || path.endsWith('gradle/libs.versions.toml'),
    read: ({ text }) => versionCatalogue(text),
    locks: [],
  },
  {
    ecosystem: 'cargo',
    matches: (name) => name === 'Cargo.toml',
    read: ({ text }) =>
      tomlTables(text).flatMap(({ table, entries }) => {
        const kind = /^(?:target\..+\.|workspace\.)?((?:dev-|build-)?dependencies)$/.exec(table)?.[1];
        if (!kind) return [];
        return entries
          .filter(({ value }) => !/path\s*=|workspace\s*=\s*true/.test(value))
          .map(({ key, value, line }) => ({
            name: key.replace(/\.version$/, ''),
            requirement: quotedVersion(value),
            dev: kind !== 'dependencies',
            line,
          }));
      }),
    locks: [
      {
        name: 'Cargo.lock',
        read: (text) => resolved(text, /^name = "([^"]+)"\nversion = "([^"]+)"/gm),
      },
    ],
  },
  {
    ecosystem: 'nuget',
    matches: (name) => /\.(cs|fs|vb)proj$/.test(name) || name === 'Directory.Packages.props',
    read: ({ text, path }) => {
      const lineOf = lineNumbers(text);
      return [
        ...text.matchAll(/<Package(?:Reference|Version)\s[^<>]*?Include="([^"]+)"(?:[^<>]*?\sVersion="([^"]+)")?/g),
      ].map((found) => ({
        name: found[1] ?? '',
        requirement: found[2] ?? null,
        dev: /tests?\.\w+proj$/i.test(path),
        line: lineOf(found.index + found[0].indexOf('Include=')),
      }));
    },
    locks: [
      {
        name: 'packages.lock.json',
        read: (text) => resolved(text, /"([\w.-]+)": \{\s*"type": "\w+",[^{}]*?"resolved": "([^"]+)"/g),
      },
    ],
  },
  {
    ecosystem: 'swift',
    matches: (name) => name === 'Package.swift',
    read: ({ text }) => {
      const lineOf = lineNumbers(text);
      return [...text.matchAll(/\.package\(\s*(?:name:\s*"[^"]*",\s*)?url:\s*"([^"]+)"\s*,\s*([^)\n]+)/g)].map(
        (found) => ({
          name: (found[1] ?? '').replace(/^.*\/|\.git$/g, ''),
          requirement: (found[2] ?? '').trim() || null,
          dev: false,
          line: lineOf(found.index + found[0].indexOf(found[1] ?? '')),
        }),
      );
    },
    locks: [
      {
        name: 'Package.resolved',
        read: (text) => resolved(text, /"identity"\s*:\s*"([^"]+)"[\s\S]{0,400}?"version"\s*:\s*"([^"]+)"/g),
      },
    ],
  },
];

function resolved(text: string, pattern: RegExp): Map<string, string> {
  return new Map([...text.matchAll(pattern)].map((found) => [found[1] ?? '', found[2] ?? '']));
}

/** Direct ones; what is marked as indirect follows from them. */
function goModules(text: string): Declared[] {
  let required = false;
  return numbered(text).flatMap(({ line, text: full }) => {
    const entry = full.trim();
    if (entry === 'require (') required = true;
    else if (entry === ')') required = false;
    const found = /^(?:require\s+)?([\w.-]+)(\/\S+)\s+(v\S+)/.exec(entry);
    if (
      !found?.[1] ||
      !/[\w-]\.[\w-]/.test(found[1]) ||
      !(required || entry.startsWith('require ')) ||
      entry.includes('// indirect')
    )
      return [];
    return [{ name: `${found[1]}${found[2]}`, requirement: found[3] ?? null, dev: false, line }];
  });
}

/** Of a version or a property in Maven's manifests. */
const LONGEST_VERSION = 200;

function pom(text: string): Declared[] {
  const found: Declared[] = [];
  const properties = new Map(
    [...text.matchAll(/<([\w.-]+)>([^<\n]+)<\/\1>/g)].map((entry) => [
      entry[1] ?? '',
      (entry[2] ?? '').slice(0, LONGEST_VERSION),
    ]),
  );
  let at = 0;
  let line = 1;
  for (;;) {
    const start = text.indexOf('<dependency>', at);
    const end = text.indexOf('</dependency>', start);
    if (start < 0 || end < 0) return found;
    line += text.slice(at, start).split('\n').length - 1;
    const block = text.slice(start, end);
    const field = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(block)?.[1]?.trim() ?? null;
    const version = field('version')
      ?.slice(0, LONGEST_VERSION)
      .replace(/\$\{([^${}]+)\}/g, (whole, name: string) => properties.get(name) ?? whole);
    found.push({
      name: `${field('groupId')}:${field('artifactId')}`,
      requirement: version ?? null,
      dev: field('scope') === 'test',
      line,
    });
    line += block.split('\n').length - 1;
    at = end;
  }
}

function gradle(text: string): Declared[] {
  return numbered(text).flatMap(({ line, text: entry }) => {
    const found =
      /^\s*(\w*(?:[iI]mplementation|[aA]pi|[cC]ompileOnly|[rR]untimeOnly|kapt|ksp|classpath|annotationProcessor))[\s(]+["']([\w.-]+:[\w.-]+)(?::([^"'@]+))?/.exec(
        entry,
      );
    return found?.[2]
      ? [{ name: found[2], requirement: found[3] ?? null, dev: /test/i.test(found[1] ?? ''), line }]
      : [];
  });
}

function versionCatalogue(text: string): Declared[] {
  const tables = tomlTables(text);
  const versions = new Map(
    tables
      .find(({ table }) => table === 'versions')
      ?.entries.map(({ key, value }) => [key, value.replace(/["']/g, '')]),
  );
  return (tables.find(({ table }) => table === 'libraries')?.entries ?? []).flatMap(({ value, line }) => {
    const parts = /^["']([^:"']+:[^:"']+):([^"']+)/.exec(value);
    const module = /module\s*=\s*["']([^"']+)/.exec(value)?.[1] ?? parts?.[1];
    const reference = /version\.ref\s*=\s*["']([^"']+)/.exec(value)?.[1];
    const requirement =
      (reference ? versions.get(reference) : quotedVersion(value.startsWith('{') ? value : '')) ?? parts?.[2] ?? null;
    return module ? [{ name: module, requirement, dev: false, line }] : [];
  });
}
