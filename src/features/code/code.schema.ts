import { type Static, Type } from 'typebox';
import { pageQuery } from '../../platform/http/pagination.ts';
import { nullable, words } from '../../platform/http/schema.ts';
import type { AnalysisResult, AnalysisRow } from './analysis.store.ts';
import { FINDING_CATEGORIES, SEVERITIES } from './analysis.ts';
import type { FindingCounts, FindingRow } from './finding.store.ts';
import { REPORT_FORMATS } from './report/report-context.ts';
import { sourceLink } from './report/source-link.ts';
import type { RepositoryRow } from './repository.store.ts';
import { snakeCased } from './snake-cased.ts';
import { presentSuggestions, SuggestionsView } from './suggestions/suggestions.schema.ts';

const closed = { additionalProperties: false };
const Id = Type.String({ format: 'uuid' });
const Time = Type.String({ format: 'date-time' });
const Cursor = nullable(Type.String(), { description: 'Null on the last page.' });

export const IdParams = Type.Object({ id: Id }, closed);

const Name = Type.String({ minLength: 1, maxLength: 255, pattern: '\\S' });
const Description = Type.String({ maxLength: 2_000 });
const Branch = Type.String({
  maxLength: 255,
  pattern: '^[^\\s\\x00-\\x1f~^:?*\\[\\\\]+$',
  description: 'A branch or tag; the one that the server has chosen where it is left out.',
});
const AccessToken = Type.String({
  maxLength: 2_000,
  pattern: '^[\\x21-\\x7e]+$',
  description:
    'For a private repository: sent to its server as the password of HTTP Basic, with the user `x-access-token`, or as `user:token` says. Kept sealed, and never shown again.',
});

export const NewRepository = Type.Object(
  {
    url: Type.Optional(
      Type.String({
        maxLength: 2_000,
        description: 'Address of a git repository that begins with https:// or http://.',
      }),
    ),
    path: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 2_000,
        description: 'A folder of the server, where its operator allows that (CODE_LOCAL_ROOTS).',
      }),
    ),
    name: Type.Optional(Name),
    description: Type.Optional(Description),
    branch: Type.Optional(Branch),
    access_token: Type.Optional(AccessToken),
    source: Type.Optional(
      words(['github', 'gitlab', 'git'], { description: 'As older clients send it; the address says enough.' }),
    ),
  },
  closed,
);
export type NewRepository = Static<typeof NewRepository>;

export const RepositoryChanges = Type.Object(
  {
    name: Type.Optional(Name),
    description: Type.Optional(nullable(Description)),
    branch: Type.Optional(nullable(Branch)),
    access_token: Type.Optional(nullable(AccessToken, { description: 'Another one; null removes it.' })),
  },
  { ...closed, minProperties: 1 },
);
export type RepositoryChanges = Static<typeof RepositoryChanges>;

const STATUSES = ['pending', 'running', 'completed', 'failed', 'cancelled'] as const;
const Grade = words(['A', 'B', 'C', 'D', 'E']);
const ScoreView = Type.Object({
  name: Type.String(),
  value: Type.Number({ description: '0 to 100.' }),
  grade: Grade,
  formula: Type.String(),
  inputs: Type.Record(Type.String(), Type.Number()),
});
const Fault = Type.Object({ code: Type.String(), detail: Type.String() });

const analysisFields = {
  id: Id,
  repository_id: Id,
  status: words(STATUSES),
  progress: Type.Number({ minimum: 0, maximum: 1 }),
  error: nullable(Fault, { description: 'Why it failed.' }),
  commit: nullable(Type.String(), { description: 'What was analysed, where it came from git.' }),
  engine: nullable(Type.String(), {
    description: 'Version of the rules: the same code and rules give the same result.',
  }),
  file_count: Type.Integer(),
  finding_count: Type.Integer(),
  scores: Type.Array(ScoreView, { description: 'Empty until it is completed; `overall` is the last.' }),
  duration_ms: nullable(Type.Integer()),
  created_by: nullable(Id),
  created_at: Time,
  started_at: nullable(Time),
  completed_at: nullable(Time, { description: 'When it ended, whatever came of it.' }),
};

export const AnalysisSummary = Type.Object(analysisFields, { title: 'AnalysisSummary' });
export type AnalysisSummary = Static<typeof AnalysisSummary>;

const Part = (description: string) => nullable(Type.Record(Type.String(), Type.Unknown()), { description });

export const AnalysisView = Type.Object(
  {
    ...analysisFields,
    findings_by_severity: Type.Record(Type.String(), Type.Integer()),
    findings_by_status: Type.Record(Type.String(), Type.Integer(), { description: 'As people have judged them.' }),
    source_root: nullable(Type.String(), {
      description:
        'Where the host shows the analysed files: behind it comes a path, each part of it percent-encoded, and `#L` with a line. Null where the host is not one that we know.',
    }),
    metrics: Part(
      'What was counted; null until it is completed. Of its `files` the 100 most complex: the JSON report has all.',
    ),
    architecture: Part('Languages, frameworks, patterns and modules, each with what it was seen by.'),
    readiness: Part('The judgement of production readiness.'),
    suggestions: nullable(SuggestionsView, {
      description: 'By a model, where the tenant’s setting `code.suggestions` is on; null where none was asked.',
    }),
  },
  { title: 'Analysis' },
);
export type AnalysisView = Static<typeof AnalysisView>;

export const AnalysisPage = Type.Object({ data: Type.Array(AnalysisSummary), next_cursor: Cursor });
export const AnalysisQuery = Type.Object(
  { ...pageQuery, repository_id: Type.Optional(Id), status: Type.Optional(words(STATUSES)) },
  closed,
);
export type AnalysisQuery = Static<typeof AnalysisQuery>;
export const NewAnalysis = Type.Object({ repository_id: Id }, closed);

export const RepositoryView = Type.Object(
  {
    id: Id,
    name: Type.String(),
    description: nullable(Type.String()),
    kind: words(['git', 'archive', 'local']),
    url: nullable(Type.String(), { description: 'Of git.' }),
    path: nullable(Type.String(), { description: 'The folder, or the name of the archive.' }),
    branch: nullable(Type.String()),
    has_token: Type.Boolean(),
    size_bytes: Type.Integer({ description: 'Of the archive.' }),
    latest_analysis: nullable(AnalysisSummary),
    created_by: nullable(Id),
    created_at: Time,
    updated_at: Time,
  },
  { title: 'Repository' },
);
export type RepositoryView = Static<typeof RepositoryView>;
export const RepositoryPage = Type.Object({ data: Type.Array(RepositoryView), next_cursor: Cursor });

const TRIAGE = ['open', 'false_positive', 'accepted', 'resolved'] as const;

export const FindingView = Type.Object(
  {
    id: Id,
    analysis_id: Id,
    rule: Type.String(),
    severity: words(SEVERITIES),
    category: Type.String(),
    path: nullable(Type.String()),
    line: nullable(Type.Integer({ minimum: 1 })),
    message: Type.String(),
    evidence: Type.String({ description: 'The text at that line; secrets are masked.' }),
    fix: Type.String(),
    verify: nullable(Type.String(), { description: 'A command that shows it.' }),
    fingerprint: Type.String({ description: 'The same in the next analysis, though lines move.' }),
    status: words(TRIAGE, { description: 'As somebody judged it last, in whichever analysis.' }),
    note: nullable(Type.String()),
    triaged_by: nullable(Id),
    triaged_at: nullable(Time),
  },
  { title: 'Finding' },
);
export type FindingView = Static<typeof FindingView>;
export const FindingPage = Type.Object({
  data: Type.Array(FindingView),
  next_cursor: Cursor,
  total: Type.Integer({ description: 'On all pages together.' }),
});
export const ReportQuery = Type.Object(
  {
    format: Type.Optional(
      Type.Enum([...REPORT_FORMATS], { default: 'markdown', description: 'The form of the report.' }),
    ),
  },
  closed,
);

export const FindingQuery = Type.Object(
  {
    ...pageQuery,
    severity: Type.Optional(words(SEVERITIES)),
    category: Type.Optional(words(FINDING_CATEGORIES)),
    rule: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    path: Type.Optional(
      Type.String({ minLength: 1, maxLength: 1_000, description: 'Part of a path, in whichever case.' }),
    ),
    status: Type.Optional(words(TRIAGE)),
  },
  closed,
);
export type FindingQuery = Static<typeof FindingQuery>;

export const Triage = Type.Object(
  { status: words(TRIAGE), note: Type.Optional(nullable(Type.String({ maxLength: 2_000 }))) },
  closed,
);
export type Triage = Static<typeof Triage>;

export const ComparisonView = Type.Object(
  {
    analysis_id: Id,
    previous_analysis_id: nullable(Id, { description: 'The one before that was completed; null where there is none.' }),
    scores: Type.Array(Type.Object({ name: Type.String(), value: Type.Number(), previous: nullable(Type.Number()) })),
    new: Type.Array(FindingView, { description: 'The worst 200.' }),
    gone: Type.Array(FindingView, { description: 'The worst 200.' }),
    counts: Type.Object({ new: Type.Integer(), gone: Type.Integer(), stayed: Type.Integer() }),
  },
  { title: 'Comparison' },
);
export type ComparisonView = Static<typeof ComparisonView>;

export function presentAnalysis(row: AnalysisRow): AnalysisSummary {
  const { commit_id, scores, created_at, started_at, completed_at, ...rest } = row;
  return {
    ...rest,
    commit: commit_id,
    scores: scores.map((score) => ({ ...score, inputs: { ...score.inputs } })),
    duration_ms: started_at && completed_at && completed_at.getTime() - started_at.getTime(),
    created_at: created_at.toISOString(),
    started_at: started_at?.toISOString() ?? null,
    completed_at: completed_at?.toISOString() ?? null,
  };
}

/** Files of a view at most: a code base may have tens of thousands. */
const MOST_FILES = 100;

function mostComplex(files: AnalysisResult['metrics']['files']) {
  return files.toSorted((a, b) => b.complexity - a.complexity).slice(0, MOST_FILES);
}

export function presentWholeAnalysis(
  row: AnalysisRow,
  result: AnalysisResult | null,
  { counts, url }: { counts: FindingCounts; url: string | null },
): AnalysisView {
  const part = (value: object | undefined) =>
    value === undefined ? null : (snakeCased(value) as Record<string, unknown>);
  const metrics = result && { ...result.metrics, files: mostComplex(result.metrics.files ?? []) };
  return {
    ...presentAnalysis(row),
    findings_by_severity: counts.severity,
    findings_by_status: counts.status,
    source_root: sourceLink({ url, commit: row.commit_id }, '', null),
    metrics: part(metrics ?? undefined),
    architecture: part(result?.architecture),
    readiness: part(result?.readiness),
    suggestions: result?.suggestions ? presentSuggestions(result.suggestions) : null,
  };
}

export function presentRepository(row: RepositoryRow, latest: AnalysisRow | undefined): RepositoryView {
  const { location, created_at, updated_at, ...rest } = row;
  return {
    ...rest,
    url: row.kind === 'git' ? location : null,
    path: row.kind === 'git' ? null : location,
    latest_analysis: latest ? presentAnalysis(latest) : null,
    created_at: created_at.toISOString(),
    updated_at: updated_at.toISOString(),
  };
}

export function presentFinding(row: FindingRow): FindingView {
  const { number: _, repository_id: __, triaged_at, ...rest } = row;
  return { ...rest, triaged_at: triaged_at?.toISOString() ?? null };
}
