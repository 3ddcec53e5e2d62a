import type { CodeSpan, Duplication } from './metrics.ts';
import type { Token } from './tokens/scan.ts';

/** Equal tokens in a row that make a duplicate, and the lines that they must reach over: PMD's and SonarQube's usual bounds. */
const LEAST_TOKENS = 100;
const LEAST_LINES = 10;
const MOST_PAIRS = 50;
const BASE = 16_777_619;

/** A file's tokens as numbers; names and literals keep their own, so only text that was copied is found. */
type Sequence = {
  readonly path: string;
  readonly hashes: Uint32Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
};

type Place = { readonly file: number; readonly at: number };

/** Gathers files, then finds what they have in common: linear in their tokens. */
export class DuplicationFinder {
  private readonly sequences: Sequence[] = [];
  private codeLines = 0;

  /** Files are to be added by path. */
  add(path: string, text: string, tokens: readonly Token[], codeLines: number): void {
    const code = withoutImports(text, tokens);
    this.codeLines += codeLines;
    this.sequences.push({
      path,
      hashes: Uint32Array.from(code, ({ start, end }) => hashOf(text, start, end)),
      starts: Uint32Array.from(code, ({ line }) => line),
      ends: Uint32Array.from(code, ({ endLine }) => endLine),
    });
  }

  find(): Duplication {
    const lines = new Set<string>();
    const pairs: Duplication['pairs'][number][] = [];
    for (const { a, b, length } of this.matches()) {
      for (const place of [a, b]) this.noteLines(lines, place, length);
      pairs.push({ tokens: length, a: this.span(a, length), b: this.span(b, length) });
    }
    pairs.sort((x, y) => y.tokens - x.tokens || order(x.a, y.a) || order(x.b, y.b));
    const percent = this.codeLines === 0 ? 0 : Math.min(100, (100 * lines.size) / this.codeLines);
    return { percent: Math.round(percent * 10) / 10, duplicatedLines: lines.size, pairs: pairs.slice(0, MOST_PAIRS) };
  }

  private *matches(): Generator<{ a: Place; b: Place; length: number }> {
    const first = new Map<number, Place>();
    for (const [file, { hashes }] of this.sequences.entries()) {
      const windows = rollingHashes(hashes);
      for (let at = 0; at < windows.length; at++) {
        const b = { file, at };
        const a = first.get(windows[at] as number);
        if (!a) {
          first.set(windows[at] as number, b);
          continue;
        }
        const length = this.lengthOf(a, b);
        if (length < LEAST_TOKENS) continue;
        // What was matched is behind us; shorter matches within it say nothing new.
        at += length - 1;
        const { line, endLine } = this.span(b, length);
        if (endLine - line + 1 >= LEAST_LINES) yield { a, b, length };
      }
    }
  }

  private noteLines(lines: Set<string>, { file, at }: Place, length: number): void {
    const { path, starts } = this.sequences[file] as Sequence;
    for (const line of starts.subarray(at, at + length)) lines.add(`${line}:${path}`);
  }

  /** How many tokens are the same from two places on; within one file they may not overlap. */
  private lengthOf(a: Place, b: Place): number {
    const [left, right] = [this.sequences[a.file] as Sequence, this.sequences[b.file] as Sequence];
    const most = a.file === b.file ? b.at - a.at : Number.POSITIVE_INFINITY;
    let length = 0;
    while (
      length < most &&
      b.at + length < right.hashes.length &&
      left.hashes[a.at + length] === right.hashes[b.at + length]
    ) {
      length++;
    }
    return length;
  }

  private span({ file, at }: Place, length: number): CodeSpan {
    const { path, starts, ends } = this.sequences[file] as Sequence;
    return { path, line: starts[at] ?? 0, endLine: ends[at + length - 1] ?? 0 };
  }
}

const IMPORT = /^(?:import|from|using|package|require|include|use)$/;
const BRACKETS: Readonly<Record<string, number>> = { '(': 1, '{': 1, ')': -1, '}': -1 };

/** Lists of imports are alike by nature: statements that begin a line with one of their words are left out. */
function withoutImports(text: string, tokens: readonly Token[]): Token[] {
  let importEnds = 0;
  let depth = 0;
  let lastLine = 0;
  return tokens.filter((token) => {
    if (token.kind === 'comment' || token.kind === 'outside') return false;
    const word = text.slice(token.start, Math.min(token.end, token.start + 12));
    if (depth === 0 && token.line > lastLine && IMPORT.test(word)) importEnds = token.line;
    lastLine = token.endLine;
    if (depth === 0 && token.line > importEnds) return true;
    depth = Math.max(0, depth + (BRACKETS[word] ?? 0));
    if (depth === 0) importEnds = token.endLine;
    return false;
  });
}

/** FNV-1a of a stretch of text. */
function hashOf(text: string, start: number, end: number): number {
  let hash = 2_166_136_261;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), BASE);
  return hash >>> 0;
}

/** A hash for each run of `LEAST_TOKENS` tokens, each made of the one before it. Of 53 bits: two of 26. */
function rollingHashes(hashes: Uint32Array): Float64Array {
  const count = Math.max(0, hashes.length - LEAST_TOKENS + 1);
  const windows = new Float64Array(count);
  let [low, high, lowTop, highTop] = [0, 0, 1, 1];
  for (let at = 0; at < LEAST_TOKENS - 1; at++) {
    lowTop = Math.imul(lowTop, BASE);
    highTop = Math.imul(highTop, 69_069);
  }
  for (let at = 0; at < hashes.length; at++) {
    const out = at >= LEAST_TOKENS ? (hashes[at - LEAST_TOKENS] as number) : 0;
    low = (Math.imul(low - Math.imul(out, lowTop), BASE) + (hashes[at] as number)) | 0;
    high = (Math.imul(high - Math.imul(out, highTop), 69_069) + (hashes[at] as number)) | 0;
    if (at >= LEAST_TOKENS - 1) windows[at - LEAST_TOKENS + 1] = (high >>> 6) * 67_108_864 + (low >>> 6);
  }
  return windows;
}

function order(a: CodeSpan, b: CodeSpan): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line;
}
