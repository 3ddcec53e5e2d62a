import type { FindingCategory, Severity } from '../../analysis.ts';
import type { MeasuredFile } from '../../measure/measure-file.ts';
import type { Token } from '../../measure/tokens/scan.ts';

/** What a rule says of a place, before it has its fingerprint. */
export type Remark = {
  readonly rule: string;
  readonly severity: Severity;
  readonly category: FindingCategory;
  readonly path: string | null;
  readonly line: number | null;
  readonly message: string;
  /** Null: the text of the line. */
  readonly evidence: string | null;
  readonly fix: string;
  readonly verify: string | null;
};

/** Judges one file; which roles of files it is asked about is said in `judge-file.ts`. */
export type FileRule = (code: Code) => Iterable<Remark>;

/** A word of program text: a token with its text; comments are left out. */
export type Piece = { readonly token: Token; readonly text: string };

/** A file as rules read it. */
export type Code = {
  readonly measured: MeasuredFile;
  readonly path: string;
  readonly language: string;
  readonly text: string;
  /** Without comments and what is outside of the code. */
  readonly pieces: readonly Piece[];
  readonly comments: readonly Piece[];
  /** Lines that a comment reaches. */
  readonly commentLines: ReadonlySet<number>;
};

/** Longer strings than that are data: rules read their beginning. */
const LONGEST_PIECE = 4_000;

export function codeOf(measured: MeasuredFile): Code {
  const { file, language, tokens } = measured;
  const pieces: Piece[] = [];
  const comments: Piece[] = [];
  for (const token of tokens) {
    if (token.kind === 'outside') continue;
    const piece = { token, text: file.text.slice(token.start, Math.min(token.end, token.start + LONGEST_PIECE)) };
    (token.kind === 'comment' ? comments : pieces).push(piece);
  }
  const commentLines = new Set<number>();
  for (const { token } of comments) for (let line = token.line; line <= token.endLine; line++) commentLines.add(line);
  return { measured, path: file.path, language: language.name, text: file.text, pieces, comments, commentLines };
}

/** Whether the texts stand one behind the other from `at` on; null stands for anything. */
export function reads({ pieces }: Code, at: number, texts: readonly (string | null)[]): boolean {
  return texts.every((text, index) => text === null || pieces[at + index]?.text === text);
}

/** The place of the bracket that closes the one at `open`, within 4,000 pieces; or -1. */
export function closingOf({ pieces }: Code, open: number): number {
  let depth = 0;
  const end = Math.min(pieces.length, open + 4_000);
  for (let at = open; at < end; at++) {
    const text = pieces[at]?.text ?? '';
    if (text === '(' || text === '[' || text === '{') depth++;
    if ((text === ')' || text === ']' || text === '}') && --depth === 0) return at;
  }
  return -1;
}

/** The place of the bracket that opens what the one at `close` closes, within 4,000 pieces; or -1. */
export function openingOf({ pieces }: Code, close: number): number {
  let depth = 0;
  for (let at = close; at >= Math.max(0, close - 4_000); at--) {
    const text = pieces[at]?.text ?? '';
    if (text === ')' || text === ']' || text === '}') depth++;
    if ((text === '(' || text === '[' || text === '{') && --depth === 0) return at;
  }
  return -1;
}
