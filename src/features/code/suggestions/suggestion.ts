import type { Severity } from '../analysis.ts';

/** What a model suggests about a place that is really there. */
export type Suggestion = {
  title: string;
  /** What to do, and why. */
  text: string;
  severity: Severity;
  path: string;
  /** From 1. */
  line: number;
  /** The text at that line, as the code base has it, fit to be shown. */
  snippet: string;
};

export type Suggestions = {
  /** `provider/model`; null where none could be asked. */
  model: string | null;
  kept: readonly Suggestion[];
  /** How many named a path, a line or a text that is not there, or were of no use. */
  dropped: number;
  /** Why there are none, or not all: for people; null where nothing went wrong. */
  note: string | null;
};
