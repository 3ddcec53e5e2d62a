/** What a run's event log shows of its calls to models. */
export type RunTrace = {
  /** Whether nobody works on it any more. */
  ended: boolean;
  /** All that models said behind a place in the log: text, and the inputs of tool calls. */
  saidAfter(position: number): string;
  /** What the run said that it used, where it came so far. */
  usage: { inputTokens: number; outputTokens: number } | null;
};
