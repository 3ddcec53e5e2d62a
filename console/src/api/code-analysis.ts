/** What an analysis of `/v1/analyses/{id}` holds, in the API's names. */

export type Place = { path: string; line: number | null };
type Span = { path: string; line: number; end_line: number };

type Counts = {
  files: number;
  bytes: number;
  lines: number;
  code_lines: number;
  comment_lines: number;
  functions: number;
};

export type Dependency = {
  name: string;
  ecosystem: string;
  requirement: string | null;
  locked: string | null;
  pinned: boolean;
  dev: boolean;
  manifest: string;
  line: number | null;
};

export type Metrics = {
  totals: Counts;
  languages: (Counts & { language: string })[];
  /** The 100 most complex. */
  files: (Counts & { path: string; language: string; complexity: number; max_complexity: number })[];
  functions: {
    most_complex: { path: string; name: string; line: number; lines: number; complexity: number; nesting: number }[];
  } | null;
  duplication: { percent: number; duplicated_lines: number; pairs: { tokens: number; a: Span; b: Span }[] };
  dependencies: { declared: Dependency[] };
  imports: { files: number; cycles: string[][]; files_in_cycles: number };
  history: {
    commits: number;
    authors: number;
    first: string | null;
    last: string | null;
    hotspots: { path: string; commits: number; churn: number; complexity: number; authors: number }[];
  } | null;
  failed: { path: string; reason: string }[];
  failed_left_out: number;
  /** By rule. */
  findings_left_out: Record<string, number>;
};

type Seen = { name: string; evidence: string };

export type Architecture = {
  projects: Seen[];
  frameworks: Seen[];
  patterns: Seen[];
  modules: { path: string; files: number; code_lines: number; imported_by: number; imports: number }[];
};

export type CriterionStatus = 'met' | 'partly' | 'missing' | 'unknown' | 'not_applicable';

export type Criterion = {
  id: string;
  area: string;
  severity: 'critical' | 'high' | 'medium' | 'low';
  title: string;
  status: CriterionStatus;
  observed: string;
  evidence: (Place & { text: string })[];
  /** Empty where there is nothing to do. */
  fix: string;
  verify: string;
};

export type Judgement = {
  verdict: 'GO' | 'CONDITIONAL GO' | 'NO-GO';
  rule: string;
  reasons: string[];
  profile: { trait: string }[];
  scores: { category: string; value: number | null; goal: number }[];
  overall: number | null;
  formula: string;
  criteria: Criterion[];
};

export type Suggestions = {
  /** Null where none could be asked. */
  model: string | null;
  kept: { title: string; text: string; severity: string; path: string; line: number; snippet: string }[];
  dropped: number;
  /** Why there are none; null where nothing went wrong. */
  note: string | null;
};
