import { posix } from 'node:path';
import type { CodeFile } from '../../analysis.ts';
import type { Dependency, Ecosystem } from '../metrics.ts';

/** What a manifest says of one dependency. */
export type Declared = Pick<Dependency, 'name' | 'requirement' | 'dev' | 'line'>;

/** A kind of manifest: which files, and what they declare. Readers are total: a broken manifest declares nothing. */
export type ManifestKind = {
  readonly ecosystem: Ecosystem;
  readonly matches: (name: string, path: string) => boolean;
  readonly read: (file: CodeFile) => readonly Declared[];
  /** Lock files of the ecosystem, and how they resolve names; empty where none is read. */
  readonly locks: readonly { readonly name: string; readonly read: (text: string) => ReadonlyMap<string, string> }[];
};

export function baseName(path: string): string {
  return posix.basename(path);
}

/** Lines with their numbers, from 1. */
export function numbered(text: string): { readonly line: number; readonly text: string }[] {
  return text.split('\n').map((line, at) => ({ line: at + 1, text: line.replace(/\r$/, '') }));
}

/** The line that first has the text in it, behind `from`; null where none has. */
export function lineOf(text: string, part: string): number | null {
  const at = text.indexOf(part);
  return at < 0 ? null : text.slice(0, at).split('\n').length;
}

/** An object of a JSON text, comments forgiven; null where it is none. */
export function jsonObject(text: string): Record<string, unknown> | null {
  try {
    return record(JSON.parse(text.replace(/^\uFEFF/, '')));
  } catch {
    return null;
  }
}

export function record(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

/** Entries of a table whose values are texts. */
export function texts(value: unknown): [string, string][] {
  return Object.entries(record(value) ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
}

/** The tables of a TOML text with their `key = value` lines, as far as manifests use it: no nested arrays of tables. */
export function tomlTables(text: string): readonly TomlTable[] {
  const tables: { table: string; entries: TomlEntry[] }[] = [{ table: '', entries: [] }];
  let open: TomlEntry | null = null;
  let depth = 0;
  for (const { line, text: full } of numbered(text)) {
    const content = full.trim();
    if (content === '' || content.startsWith('#')) continue;
    const header = open ? null : /^\[\[?([^\]]+)\]\]?/.exec(content);
    if (header) tables.push({ table: (header[1] ?? '').trim(), entries: [] });
    else open = open ? longer(open, content) : tomlEntry(content, line);
    if (!open) continue;
    depth += depthOf(content);
    if (goesOn(open, depth)) continue;
    depth = 0;
    tables.at(-1)?.entries.push(open);
    open = null;
  }
  return tables;
}

function longer(entry: TomlEntry, more: string): TomlEntry {
  return { ...entry, value: `${entry.value}\n${more}` };
}

function tomlEntry(content: string, line: number): TomlEntry | null {
  const found = /^("[^"]+"|'[^']+'|[\w.-]+)\s*=\s*(.*)$/.exec(content);
  return found ? { key: (found[1] ?? '').replace(/["']/g, ''), line, value: found[2] ?? '' } : null;
}

export type TomlTable = { readonly table: string; readonly entries: readonly TomlEntry[] };
export type TomlEntry = { readonly key: string; readonly line: number; readonly value: string };

/** A list that does not end ends with the line that makes it this long. */
const LONGEST_LIST = 20_000;

function goesOn({ value }: TomlEntry, depth: number): boolean {
  return /^[[{]/.test(value) && depth > 0 && value.length <= LONGEST_LIST;
}

/** Brackets that a line opens and does not close, but for those in strings and comments. */
function depthOf(line: string): number {
  const bare = line.replace(/"[^"]*"|'[^']*'/g, '').replace(/#.*$/, '');
  return bare.split(/[[{]/).length - bare.split(/[\]}]/).length;
}
