import { decodeText } from '../../detection/charset.ts';
import type { DocumentReader } from '../../document-reader.ts';

const DELIMITERS = [',', ';', '\t', '|'] as const;
const SAMPLE = 32_768;
const SAMPLE_ROWS = 20;

/** Comma-, semicolon- or tab-separated values. */
export const readDelimited: DocumentReader = ({ bytes, charset }, writer) => {
  const text = decodeText(bytes, charset).replace(/^\ufeff/, '');
  const declared = /^sep=(.)\r?\n/i.exec(text);
  const source = declared ? text.slice(declared[0].length) : text;
  const delimiter = declared?.[1] ?? likeliestDelimiter(source);
  const quotes = hasBalancedQuotes(source, delimiter);
  writer.table(parseDelimited(source, delimiter, quotes));
};

/** The one that parts the first rows into the most columns, the same number in each. */
export function likeliestDelimiter(source: string): string {
  const sample = source.slice(0, SAMPLE);
  let best = { delimiter: ',', score: 0 };
  for (const delimiter of DELIMITERS) {
    const score = columnScore(sample, delimiter);
    if (score > best.score) best = { delimiter, score };
  }
  return best.delimiter;
}

/** Mean columns beyond the first, less what rows differ; 0 where there is one column only. */
export function columnScore(sample: string, delimiter: string): number {
  const widths: number[] = [];
  for (const row of parseDelimited(sample, delimiter, true)) {
    if (row.length > 1 || row[0] !== '') widths.push(row.length - 1);
    if (widths.length === SAMPLE_ROWS) break;
  }
  if (widths.length === 0) return 0;
  const mean = widths.reduce((sum, width) => sum + width, 0) / widths.length;
  const deviation = widths.reduce((sum, width) => sum + Math.abs(width - mean), 0) / widths.length;
  return mean - 2 * deviation;
}

/** One quotation mark without its partner would swallow the rest of the file into one cell. */
function hasBalancedQuotes(source: string, delimiter: string): boolean {
  const cells = new DelimitedCells(source, delimiter, true);
  while (!cells.isAtEnd) cells.next();
  return !cells.endedInQuotes;
}

export function* parseDelimited(source: string, delimiter: string, quotes: boolean): Generator<string[]> {
  const cells = new DelimitedCells(source, delimiter, quotes);
  let row: string[] = [];
  while (!cells.isAtEnd) {
    row.push(cells.next());
    if (!cells.endsRow) continue;
    yield row;
    row = [];
  }
  if (row.length > 0) yield row;
}

/** RFC 4180 with any delimiter and line end; quotes count only at the start of a cell. */
class DelimitedCells {
  readonly #source: string;
  readonly #quotes: boolean;
  readonly #cellEnd: RegExp;
  #position = 0;
  endsRow = false;
  endedInQuotes = false;

  constructor(source: string, delimiter: string, quotes: boolean) {
    this.#source = source;
    this.#quotes = quotes;
    this.#cellEnd = new RegExp(`[\\r\\n${delimiter.replace(/[\\\]^-]/, '\\$&')}]`, 'g');
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#source.length;
  }

  next(): string {
    const quoted = this.#quotes && this.#source[this.#position] === '"' ? this.#quoted() : '';
    this.#cellEnd.lastIndex = this.#position;
    const end = this.#cellEnd.exec(this.#source)?.index ?? this.#source.length;
    const cell = quoted + this.#source.slice(this.#position, end);
    const mark = this.#source[end];
    this.endsRow = mark !== undefined && (mark === '\r' || mark === '\n');
    this.#position = end + (mark === '\r' && this.#source[end + 1] === '\n' ? 2 : 1);
    return cell;
  }

  #quoted(): string {
    const pieces: string[] = [];
    let from = this.#position + 1;
    for (;;) {
      const quote = this.#source.indexOf('"', from);
      if (quote < 0) {
        this.endedInQuotes = true;
        this.#position = this.#source.length;
        pieces.push(this.#source.slice(from));
        return pieces.join('');
      }
      pieces.push(this.#source.slice(from, quote));
      this.#position = quote + 1;
      if (this.#source[quote + 1] !== '"') return pieces.join('');
      pieces.push('"');
      from = quote + 2;
    }
  }
}
