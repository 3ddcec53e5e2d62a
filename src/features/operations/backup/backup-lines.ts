import { createHash } from 'node:crypto';
import type { TableSum } from '../../../platform/database/table-copy.ts';

/**
 * A backup's text, line by line. A line that begins with `#` is a mark: the head, the beginning of a schema, of a table, of the
 * jobs, and the tail; every other line is a row as JSON.
 */
export type Head = {
  format: 'parley-backup';
  version: 1;
  /** The moment whose committed rows it holds. */
  taken_at: string;
  program: string;
  kind: 'embedded' | 'server';
  schemas: readonly BackedUpSchema[];
};

export type BackedUpSchema = {
  /** Null: the platform's. */
  tenant: { id: string; slug: string } | null;
  /** `<id> <checksum>` of each migration that it has. */
  migrations: readonly string[];
};

export type Tail = { end: true; sums: Sums; jobs: number };

/** By schema and table. */
export type Sums = Readonly<Record<string, Readonly<Record<string, TableSum>>>>;

export type Mark = { head: Head } | { schema: string } | { table: string } | { jobs: true } | Tail;

/** The text cannot be read; the message says why, for the person who tries. */
export class BackupBrokenError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BackupBrokenError';
  }
}

export function markLine(mark: Mark): string {
  return `#${JSON.stringify(mark)}`;
}

/** Null: the line is a row. @throws BackupBrokenError */
export function readMark(line: string): Mark | null {
  if (!line.startsWith('#')) return null;
  try {
    return JSON.parse(line.slice(1)) as Mark;
  } catch (error) {
    throw new BackupBrokenError('The backup is damaged: a line of it cannot be read.', { cause: error });
  }
}

/** @throws BackupBrokenError */
export function readHead(line: string | undefined): Head {
  const mark = line === undefined ? null : readMark(line);
  const head = mark && 'head' in mark ? mark.head : null;
  if (head?.format !== 'parley-backup') throw new BackupBrokenError('This is no backup of an installation.');
  if (head.version !== 1) {
    throw new BackupBrokenError(`The backup has the version ${head.version}; this program reads 1. Use a newer one.`);
  }
  return head;
}

/** Sums rows' texts as `sumTable` does in the database. */
export class RowSum {
  #rows = 0;
  #first = 0n;
  #second = 0n;

  add(row: string): void {
    const hash = createHash('sha256').update(row).digest('hex');
    this.#rows += 1;
    this.#first += BigInt(`0x${hash.slice(0, 15)}`);
    this.#second += BigInt(`0x${hash.slice(15, 30)}`);
  }

  get total(): TableSum {
    return { rows: this.#rows, sum: `${this.#first}.${this.#second}` };
  }
}

export function countRows(sums: Sums): number {
  return Object.values(sums)
    .flatMap((tables) => Object.values(tables))
    .reduce((total, { rows }) => total + rows, 0);
}

/** What differs, a sentence each; empty when both are the same. */
export function compareSums(expected: Sums, found: Sums): string[] {
  const faults: string[] = [];
  for (const schema of new Set([...Object.keys(expected), ...Object.keys(found)])) {
    const [left = {}, right = {}] = [expected[schema], found[schema]];
    for (const table of new Set([...Object.keys(left), ...Object.keys(right)])) {
      const [want, got] = [left[table], right[table]];
      if (!want || !got) faults.push(`${schema}.${table} is in one of them only`);
      else if (want.rows !== got.rows) faults.push(`${schema}.${table} has ${got.rows} rows instead of ${want.rows}`);
      else if (want.sum !== got.sum) faults.push(`${schema}.${table} has other rows`);
    }
  }
  return faults;
}
