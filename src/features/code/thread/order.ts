import type { AnalysisLimits, CodeBase } from '../analysis.ts';

/** What the thread is started with. */
export type AnalysisOrder = {
  readonly code: CodeBase;
  readonly limits: AnalysisLimits;
  /** Files that an earlier thread broke on, with how: they are listed and left alone. */
  readonly broken: readonly { readonly path: string; readonly reason: string }[];
  /** One number: the place of the file that is being measured, among all files by path. */
  readonly progress: SharedArrayBuffer;
};

/** Files in the order in which they are measured. */
export function byPath<T extends { readonly path: string }>(files: readonly T[]): T[] {
  return [...files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}
