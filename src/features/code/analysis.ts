import type { ReadinessJudgement } from './judge/readiness/judgement.ts';
import type { Metrics } from './measure/metrics.ts';

/** A code base as fetched: what every part of the analysis reads. `files` and `skipped` are sorted by path (UTF-16 order). */
export type CodeBase = {
  readonly files: readonly CodeFile[];
  /** Newest first; null where no history came with it. */
  readonly history: readonly Commit[] | null;
  readonly skipped: readonly { readonly path: string; readonly reason: 'too_large' | 'binary' | 'ignored' | 'limit' }[];
};

export type CodeFile = {
  /** With `/`, from the root of the code base. */
  readonly path: string;
  readonly bytes: number;
  readonly text: string;
};

export type Commit = {
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  /** A hash: never a name or an address. */
  readonly author: string;
  /** Lines added and removed. */
  readonly files: readonly { readonly path: string; readonly added: number; readonly removed: number }[];
};

export const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const FINDING_CATEGORIES = ['security', 'reliability', 'maintainability', 'structure', 'dependencies'] as const;
export type FindingCategory = (typeof FINDING_CATEGORIES)[number];

export type Finding = {
  /** Stable, kebab-case, behind its group: `secrets/private-key`. */
  readonly rule: string;
  readonly severity: Severity;
  readonly category: FindingCategory;
  /** Null where it is about the whole code base. */
  readonly path: string | null;
  /** From 1. */
  readonly line: number | null;
  readonly message: string;
  /** The text at that line, 200 characters at most, secrets masked; or what was counted. */
  readonly evidence: string;
  readonly fix: string;
  /** A command that shows it, run in the code base's folder. */
  readonly verify: string | null;
  /** 32 hexadecimal digits: the same in the next analysis though lines move, made of rule, path, evidence and occurrence. */
  readonly fingerprint: string;
};

export type Grade = 'A' | 'B' | 'C' | 'D' | 'E';

export type Score = {
  readonly name: 'maintainability' | 'reliability' | 'structure' | 'security' | 'overall';
  /** 0 to 100, one decimal. */
  readonly value: number;
  readonly grade: Grade;
  /** How `value` follows from `inputs`, as it is published. */
  readonly formula: string;
  readonly inputs: Readonly<Record<string, number>>;
};

/** A thing seen, and where: `evidence` names a file, folder or entry of a manifest. */
export type Seen = { readonly name: string; readonly evidence: string };

export type Architecture = {
  /** By share of product code lines, largest first. */
  readonly languages: readonly { readonly name: string; readonly share: number }[];
  /** `Node.js package`, `Python project`, …: one for each kind of manifest. */
  readonly projects: readonly Seen[];
  /** From manifests, never guessed from text. */
  readonly frameworks: readonly Seen[];
  /** From folders and manifests: a sign, not a proof. */
  readonly patterns: readonly Seen[];
  /** Folders of product code (two levels, below `src` and the like), by path. */
  readonly modules: readonly CodeModule[];
  /** Which module imports which, as far as imports are resolvable, by `from` and `to`. */
  readonly arrows: readonly { readonly from: string; readonly to: string; readonly imports: number }[];
};

export type CodeModule = {
  readonly path: string;
  readonly files: number;
  readonly codeLines: number;
  /** Other modules that import this one. */
  readonly importedBy: number;
  /** Other modules that this one imports. */
  readonly imports: number;
};

/** What `analyse` (`analyse.ts`) finds. Plain data: it goes through JSON unchanged. The same code base gives the same analysis, byte for byte. */
export type Analysis = {
  /** Version of the rules and formulas. */
  readonly engine: string;
  readonly metrics: Metrics;
  readonly architecture: Architecture;
  /** The worst first, then by path, line and rule. */
  readonly findings: readonly Finding[];
  /** Always all five, `overall` last. */
  readonly scores: readonly Score[];
  readonly readiness: ReadinessJudgement;
};

export type AnalysisOptions = {
  readonly signal: AbortSignal;
  /** Files measured so far. */
  onProgress?(done: number, of: number): void;
  readonly limits?: Partial<AnalysisLimits>;
};

export type AnalysisLimits = {
  /** Files above are counted by their lines and not parsed. */
  readonly parsedBytes: number;
  /** For the whole analysis; beyond it `AnalysisLimitError`. */
  readonly timeMs: number;
  /** For a single file (many times what a hostile one takes); beyond it the file is listed in `metrics.failed`. */
  readonly fileTimeMs: number;
  /** Of the thread's heap, in MB; the texts and the parser's memory come on top. */
  readonly memoryMb: number;
  /** The most findings of one rule that are kept; how many there were is in `metrics.findingsLeftOut`. */
  readonly findingsPerRule: number;
};
