import type { Token } from './scan.ts';

export type LineCounts = {
  readonly lines: number;
  readonly codeLines: number;
  readonly commentLines: number;
  readonly blankLines: number;
};

/**
 * Counts the lines of a text: with code, with nothing but comments, with nothing. A line with both is code; a string that
 * stands alone as Python's documentation is a comment; a last line without text is no line.
 */
export function countLines(text: string, tokens: readonly Token[], python: boolean): LineCounts {
  const lines = text === '' ? 0 : text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  const kinds = new Uint8Array(lines + 2);
  for (const [at, token] of tokens.entries()) {
    const comment = token.kind === 'comment' || (python && isDocumentation(text, tokens, at));
    for (let line = token.line; line <= token.endLine; line++) {
      kinds[line] = Math.max(kinds[line] ?? 0, comment ? 1 : 2);
    }
  }
  const shown = kinds.subarray(1, lines + 1);
  const codeLines = shown.reduce((sum, kind) => sum + (kind === 2 ? 1 : 0), 0);
  const commentLines = shown.reduce((sum, kind) => sum + (kind === 1 ? 1 : 0), 0);
  return { lines, codeLines, commentLines, blankLines: lines - codeLines - commentLines };
}

/** A string in three quotes that is a statement of its own. */
function isDocumentation(text: string, tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  if (token?.kind !== 'string' || !/^[rRuU]?("""|''')/.test(text.slice(token.start, token.start + 4))) return false;
  const before = tokens.slice(Math.max(0, at - 8), at).findLast(({ kind }) => kind !== 'comment');
  const after = tokens[at + 1];
  if (after && after.line === token.endLine && after.kind !== 'comment') return false;
  if (!before) return true;
  const last = text.slice(before.start, before.end);
  return before.endLine < token.line && !/^[=(,[{+%]$|^(?:return|in|and|or|not|\+=)$/.test(last);
}
