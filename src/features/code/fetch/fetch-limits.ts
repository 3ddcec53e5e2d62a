/** How much of a code base is taken. */
export type FetchLimits = {
  /** Of what is received, and of all that is unpacked of an archive, bytes. */
  mostBytes: number;
  /** Files that are read; what is beyond is listed as skipped. */
  mostFiles: number;
  /** Of one file, bytes; a larger one is listed as skipped. */
  mostFileBytes: number;
  /** Of all files that are read together, bytes. */
  mostTextBytes: number;
  /** Commits of the history, from the newest; 0: none. */
  historyCommits: number;
};
