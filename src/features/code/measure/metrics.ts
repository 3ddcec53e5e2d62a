/** What was counted. Plain data; every list in a fixed order. */
export type Metrics = {
  readonly totals: Counts;
  /** By code lines, largest first. */
  readonly languages: readonly LanguageMetrics[];
  /** Every file whose language is known, by path. */
  readonly files: readonly FileMetrics[];
  /** Of the functions of product code; null where there are none. */
  readonly functions: {
    readonly complexity: Distribution;
    readonly lines: Distribution;
    readonly nesting: Distribution;
    /** The 50 most complex, worst first. */
    readonly mostComplex: readonly FunctionMetrics[];
  } | null;
  readonly duplication: Duplication;
  readonly dependencies: Dependencies;
  readonly imports: ImportGraph;
  readonly history: HistoryMetrics | null;
  /** Files that could not be measured as others are; at most 1,000. */
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
  /** How many more could not be. */
  readonly failedLeftOut: number;
  /** Rules that found more than is kept, and how many were left out. */
  readonly findingsLeftOut: Readonly<Record<string, number>>;
};

export type Counts = {
  readonly files: number;
  readonly bytes: number;
  readonly lines: number;
  readonly codeLines: number;
  readonly commentLines: number;
  readonly blankLines: number;
  readonly functions: number;
  readonly classes: number;
};

export type LanguageMetrics = Counts & {
  readonly language: string;
  /** Whether its functions are read by a parser, by the scanner of tokens, or not at all (data, markup). */
  readonly reading: Reading;
};

export type Reading = 'parsed' | 'scanned' | 'lines';

/** What a file is for, which decides how heavy a finding in it weighs. */
export type FileRole = 'product' | 'test' | 'example' | 'vendored' | 'generated';

export type FileMetrics = Counts & {
  readonly path: string;
  readonly language: string;
  readonly reading: Reading;
  readonly role: FileRole;
  /** Highest of its functions; 0 without functions. */
  readonly maxComplexity: number;
  /** Sum over its functions. */
  readonly complexity: number;
};

export type FunctionMetrics = {
  readonly path: string;
  /** `Class.method`, or `(anonymous)`. */
  readonly name: string;
  readonly line: number;
  readonly endLine: number;
  /** Lines from the first to the last, blank ones and comments included. */
  readonly lines: number;
  /** McCabe: 1 + decisions (branches, loops, cases, catches, `&&`, `||`, `??`, `?:`); functions inside count on their own. */
  readonly complexity: number;
  /** Blocks within blocks, at the deepest; 0 is a function without branches. */
  readonly nesting: number;
  readonly parameters: number;
};

export type Distribution = {
  readonly count: number;
  readonly mean: number;
  readonly median: number;
  /** The value that 9 of 10 do not exceed. */
  readonly p90: number;
  readonly max: number;
};

export type Duplication = {
  /** Of product code lines, those that are also elsewhere in it, in percent. */
  readonly percent: number;
  readonly duplicatedLines: number;
  /** The largest, at most 50. */
  readonly pairs: readonly { readonly tokens: number; readonly a: CodeSpan; readonly b: CodeSpan }[];
};

export type CodeSpan = { readonly path: string; readonly line: number; readonly endLine: number };

export type Dependencies = {
  /** By ecosystem, name and manifest; at most 5,000. */
  readonly declared: readonly Dependency[];
  /** Manifests and lock files that were read, by path; at most 1,000. */
  readonly manifests: readonly {
    readonly path: string;
    readonly ecosystem: Ecosystem;
    readonly locked: boolean;
    /** Of a package that others install: they choose the versions. */
    readonly library: boolean;
  }[];
};

export type Ecosystem =
  | 'npm'
  | 'python'
  | 'go'
  | 'maven'
  | 'gradle'
  | 'cargo'
  | 'rubygems'
  | 'composer'
  | 'nuget'
  | 'swift';

export type Dependency = {
  readonly name: string;
  readonly ecosystem: Ecosystem;
  /** As it is declared; null where no version is. */
  readonly requirement: string | null;
  /** What the lock file resolved it to. */
  readonly locked: string | null;
  /** Exactly one version, by the manifest or by a lock file beside or above it. */
  readonly pinned: boolean;
  readonly dev: boolean;
  readonly manifest: string;
  readonly line: number | null;
};

export type ImportGraph = {
  /** Files whose imports were read. */
  readonly files: number;
  /** Imports that lead to another file of the code base. */
  readonly edges: number;
  /** Imports that look like the code base's own and lead nowhere. */
  readonly unresolved: number;
  /** One cycle, the shortest, for each knot of files that import each other; without imports of types only; at most 1,000. */
  readonly cycles: readonly (readonly string[])[];
  /** Files that some chain of imports leads back to. */
  readonly filesInCycles: number;
  /** The files that most others import, at most 20. */
  readonly mostImported: readonly { readonly path: string; readonly importers: number }[];
};

export type HistoryMetrics = {
  readonly commits: number;
  readonly authors: number;
  /** ISO 8601. */
  readonly first: string | null;
  readonly last: string | null;
  readonly added: number;
  readonly removed: number;
  /** Share of commits by the one who made most, in percent. */
  readonly topAuthorPercent: number;
  /** Files by changed lines × summed complexity, at most 20. */
  readonly hotspots: readonly {
    readonly path: string;
    readonly commits: number;
    readonly churn: number;
    readonly complexity: number;
    readonly authors: number;
  }[];
};
