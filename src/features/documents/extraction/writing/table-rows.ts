import type { BlockKind } from '../../../../lib/chunking/block.ts';
import { oneLine, tidyText } from './tidy-text.ts';

export type TableOptions = {
  /** Whether the first row names the columns; guessed from the first rows unless told. */
  hasHead?: boolean;
};

type TableBlock = { kind: BlockKind; text: string };

/** About a chunk's length, so that the head that starts each block stays with its rows. */
const BLOCK_LENGTH = 1_000;
/** A longer head costs more than it tells. */
const LONGEST_HEAD = 400;
/** A longer cell holds prose: the table is there for the layout. */
const LONGEST_CELL = 1_500;
const SAMPLE_ROWS = 12;
const NUMERIC = /^[\d\s.,:%/€$£+-]+$/;

/** A table as Markdown rows in blocks. Empty rows part tables; a lone cell above a table is its caption. */
export function* tableBlocks(rows: Iterable<readonly string[]>, options: TableOptions): Generator<TableBlock> {
  let region: string[][] = [];
  let writer: RegionWriter | null = null;
  for (const row of rows) {
    const cells = trimEnd(row);
    if (cells.length === 0 && !writer && isHeadAlone(region)) continue;
    if (cells.length === 0) {
      yield* finishRegion(writer, region, options);
      region = [];
      writer = null;
    } else if (writer) {
      yield* writer.add(cells);
    } else if (region.push(cells) === SAMPLE_ROWS) {
      writer = new RegionWriter(region, options);
      for (const sampled of region) yield* writer.add(sampled);
    }
  }
  yield* finishRegion(writer, region, options);
}

/** Sheets often leave a row empty below the names of the columns. */
function isHeadAlone(region: readonly string[][]): boolean {
  const [only] = region.filter((row) => row.filter((cell) => cell !== '').length > 1);
  return only !== undefined && only === region.at(-1) && only.every((cell) => cell !== '' && !NUMERIC.test(cell));
}

function* finishRegion(writer: RegionWriter | null, region: string[][], options: TableOptions): Generator<TableBlock> {
  const finishing = writer ?? new RegionWriter(region, options);
  if (!writer) for (const row of region) yield* finishing.add(row);
  yield* finishing.flush();
}

/** Rows between empty rows. */
class RegionWriter {
  readonly #width: number;
  readonly #hasHead: boolean;
  readonly #firstColumn: number;
  #head: string | null = null;
  #lines: string[] = [];
  #length = 0;
  #rowsSeen = 0;

  constructor(sample: readonly string[][], { hasHead }: TableOptions) {
    const filled = sample.map((row) => row.findIndex((cell) => cell !== '')).filter((column) => column >= 0);
    this.#firstColumn = Math.min(...filled, 1_000);
    this.#width = Math.max(0, ...sample.map((row) => row.length - this.#firstColumn));
    this.#hasHead = hasHead ?? looksLikeHead(sample);
  }

  *add(row: readonly string[]): Generator<TableBlock> {
    const margin = row.slice(0, this.#firstColumn);
    const cells = margin.some((cell) => cell !== '') ? row : row.slice(this.#firstColumn);
    const filled = cells.filter((cell) => cell !== '');
    if (this.#width <= 1 || (this.#rowsSeen === 0 && filled.length === 1) || cells.some(isProse)) {
      yield* this.flush();
      for (const text of filled) yield { kind: 'paragraph', text: tidyText(text) };
      return;
    }
    this.#rowsSeen += 1;
    if (!this.#hasHead || this.#rowsSeen > 1) {
      yield* this.#addLine(rowLine(cells));
      return;
    }
    this.#head = headLines(cells, this.#width);
    this.#lines = [this.#head];
    this.#length = this.#head.length;
  }

  *flush(): Generator<TableBlock> {
    if (this.#lines.length > 0) yield { kind: 'table', text: this.#lines.join('\n') };
    if (this.#head !== null && this.#head.length > LONGEST_HEAD) this.#head = null;
    this.#lines = [];
    this.#length = 0;
  }

  *#addLine(line: string): Generator<TableBlock> {
    const headAlone = this.#head !== null && this.#lines.length <= 1;
    if (this.#lines.length > 0 && !headAlone && this.#length + line.length > BLOCK_LENGTH) yield* this.flush();
    if (this.#lines.length === 0 && this.#head !== null) {
      this.#lines = [this.#head];
      this.#length = this.#head.length;
    }
    this.#lines.push(line);
    this.#length += line.length + 1;
  }
}

function trimEnd(row: readonly string[]): string[] {
  const cells = row.map((cell) => cell.trim());
  return cells.slice(0, cells.findLastIndex((cell) => cell !== '') + 1);
}

function isProse(cell: string): boolean {
  return cell.length > LONGEST_CELL;
}

function rowLine(cells: readonly string[]): string {
  return `| ${cells.map(oneLine).join(' | ')} |`;
}

function headLines(cells: readonly string[], width: number): string {
  const padded = Array.from({ length: Math.max(width, cells.length) }, (_, column) => cells[column] ?? '');
  return `${rowLine(padded)}\n|${' --- |'.repeat(padded.length)}`;
}

/** The first full row names the columns when it has words only, all different, and rows follow it. */
function looksLikeHead(sample: readonly string[][]): boolean {
  const position = sample.findIndex((row) => row.filter((cell) => cell !== '').length > 1);
  const first = sample[position];
  if (!first || position === sample.length - 1) return false;
  const names = first.filter((cell) => cell !== '');
  if (names.some((name) => name.length > 80 || NUMERIC.test(name))) return false;
  return new Set(names).size === names.length;
}
