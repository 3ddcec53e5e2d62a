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
  /** Whether it is of a package that others install, with versions that they choose; `beside`: what is in its folder. */
  readonly isLibrary?: (file: CodeFile, beside: (name: RegExp) => boolean) => boolean;
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

/** Tells the line, from 1, of a place in the text. Goes over the text once, however many places are asked for. */
export function lineNumbers(text: string): (offset: number) => number {
  const ends: number[] = [];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) ends.push(at);
  return (offset) => {
    let low = 0;
    for (let high = ends.length; low < high; ) {
      const middle = (low + high) >> 1;
      if ((ends[middle] as number) < offset) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}

const JSON_KEY = /"((?:[^"\\\n]|\\.){1,300})"\s*:/g;

/** Tells the line of an entry of one of the tables of a JSON text; null where it is written so that it is not seen. */
export function jsonLines(text: string): (table: string, name: string) => number | null {
  const places = new Map<string, number[]>();
  for (const { 1: key = '', index } of text.matchAll(JSON_KEY)) {
    const known = places.get(key);
    if (known) known.push(index);
    else places.set(key, [index]);
  }
  const line = lineNumbers(text);
  return (table, name) => {
    const start = places.get(table)?.[0] ?? 0;
    const found = places.get(name)?.find((at) => at > start);
    return found === undefined ? null : line(found);
  };
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
    // Within a list empty lines and comments stay as lines, so that its entries can be told theirs.
    const content = full.trim().replace(/^#.*/, '');
    if (content === '' && !open) continue;
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
