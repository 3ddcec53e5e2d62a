import type { Architecture, Judgement, Metrics, Suggestions } from './code-analysis.ts';
import { problemFrom } from './problem.ts';
import { authorisedFetch, request } from './request.ts';
import type { Fault, Page } from './types.ts';
import { type UploadOptions, uploadFile } from './upload.ts';

export type Grade = 'A' | 'B' | 'C' | 'D' | 'E';
export type Score = {
  name: string;
  /** 0 to 100. */
  value: number;
  grade: Grade;
  formula: string;
  inputs: Record<string, number>;
};

export type AnalysisStatus = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';

export type AnalysisSummary = {
  id: string;
  repository_id: string;
  status: AnalysisStatus;
  /** 0 to 1. */
  progress: number;
  error: Fault | null;
  commit: string | null;
  engine: string | null;
  file_count: number;
  finding_count: number;
  /** Empty until it is completed; `overall` is the last. */
  scores: Score[];
  duration_ms: number | null;
  created_by: string | null;
  created_at: string;
  completed_at: string | null;
};

export type Analysis = AnalysisSummary & {
  findings_by_severity: Record<string, number>;
  findings_by_status: Record<string, number>;
  source_root: string | null;
  metrics: Metrics | null;
  architecture: Architecture | null;
  readiness: Judgement | null;
  suggestions: Suggestions | null;
};

export type Repository = {
  id: string;
  name: string;
  description: string | null;
  kind: 'git' | 'archive' | 'local';
  url: string | null;
  path: string | null;
  branch: string | null;
  has_token: boolean;
  size_bytes: number;
  latest_analysis: AnalysisSummary | null;
  created_by: string | null;
  created_at: string;
};

export const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const;
export type Severity = (typeof SEVERITIES)[number];
export const CATEGORIES = ['security', 'reliability', 'maintainability', 'structure', 'dependencies'] as const;
export type Category = (typeof CATEGORIES)[number];
export const TRIAGE = ['open', 'accepted', 'false_positive', 'resolved'] as const;
export type TriageStatus = (typeof TRIAGE)[number];

export type Finding = {
  id: string;
  analysis_id: string;
  rule: string;
  severity: Severity;
  category: Category;
  path: string | null;
  line: number | null;
  message: string;
  evidence: string;
  fix: string;
  verify: string | null;
  status: TriageStatus;
  note: string | null;
  triaged_by: string | null;
  triaged_at: string | null;
};

export type FindingPage = Page<Finding> & { total: number };
export type FindingFilter = {
  severity: Severity | null;
  category: Category | null;
  status: TriageStatus | null;
  rule: string | null;
  path: string | null;
};

export type Comparison = {
  previous_analysis_id: string | null;
  scores: { name: string; value: number; previous: number | null }[];
  new: Finding[];
  gone: Finding[];
  counts: { new: number; gone: number; stayed: number };
};

export const REPORT_FORMATS = ['pdf', 'html', 'markdown', 'sarif', 'json'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

export type NewRepository = { url: string; name?: string; branch?: string; access_token?: string };
export type RepositoryChanges = {
  name?: string;
  description?: string | null;
  branch?: string | null;
  access_token?: string | null;
};

const PAGE = 20;
const FINDINGS_A_PAGE = 50;

export function listRepositories(cursor: string | null, signal?: AbortSignal): Promise<Page<Repository>> {
  return request('/v1/repositories', { query: { limit: PAGE, cursor }, signal });
}

export function readRepository(id: string, signal?: AbortSignal): Promise<Repository> {
  return request(`/v1/repositories/${id}`, { signal });
}

export function createRepository(repository: NewRepository): Promise<Repository> {
  return request('/v1/repositories', { method: 'POST', body: repository });
}

/** An archive: zip, tar.gz or tar. @throws ApiError */
export function uploadArchive(file: File, options: UploadOptions): Promise<Repository> {
  return uploadFile('/v1/repositories', file, options);
}

export function changeRepository(id: string, changes: RepositoryChanges): Promise<Repository> {
  return request(`/v1/repositories/${id}`, { method: 'PATCH', body: changes });
}

export function deleteRepository(id: string): Promise<void> {
  return request(`/v1/repositories/${id}`, { method: 'DELETE' });
}

export function startAnalysis(repositoryId: string): Promise<AnalysisSummary> {
  return request('/v1/analyses', { method: 'POST', body: { repository_id: repositoryId } });
}

export function cancelAnalysis(id: string): Promise<AnalysisSummary> {
  return request(`/v1/analyses/${id}/cancel`, { method: 'POST', body: {} });
}

export function deleteAnalysis(id: string): Promise<void> {
  return request(`/v1/analyses/${id}`, { method: 'DELETE' });
}

type AnalysisListing = { repositoryId: string; status?: AnalysisStatus; limit?: number; cursor?: string | null };

export function listAnalyses(
  { repositoryId, status, limit = PAGE, cursor = null }: AnalysisListing,
  signal?: AbortSignal,
): Promise<Page<AnalysisSummary>> {
  return request('/v1/analyses', { query: { repository_id: repositoryId, status, limit, cursor }, signal });
}

export function readAnalysis(id: string, signal?: AbortSignal): Promise<Analysis> {
  return request(`/v1/analyses/${id}`, { signal });
}

export function listFindings(
  analysisId: string,
  filter: FindingFilter,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<FindingPage> {
  return request(`/v1/analyses/${analysisId}/findings`, {
    query: { ...filter, limit: FINDINGS_A_PAGE, cursor },
    signal,
  });
}

export function readComparison(analysisId: string, signal?: AbortSignal): Promise<Comparison> {
  return request(`/v1/analyses/${analysisId}/comparison`, { signal });
}

export function triageFinding(id: string, status: TriageStatus, note: string | null): Promise<Finding> {
  return request(`/v1/findings/${id}`, { method: 'PATCH', body: { status, note } });
}

/** A report with the name that the server gives it. @throws ApiError */
export async function downloadReport(
  analysisId: string,
  format: ReportFormat,
): Promise<{ content: Blob; name: string }> {
  const response = await authorisedFetch(`/v1/analyses/${analysisId}/report`, {
    query: { format },
    headers: { accept: '*/*' },
  });
  if (!response.ok) throw await problemFrom(response);
  const name = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1];
  return { content: await response.blob(), name: name ?? `analysis.${format}` };
}

const SUGGESTIONS = 'code.suggestions';

/** Whether a model is asked for suggestions. For admins. */
export async function readSuggestionSetting(signal?: AbortSignal): Promise<boolean> {
  type Settings = { data: { key: string; value: unknown }[] };
  const { data } = await request<Settings>('/v1/tenants/current/settings', { signal });
  return data.some(({ key, value }) => key === SUGGESTIONS && value === true);
}

export function changeSuggestionSetting(isOn: boolean): Promise<unknown> {
  return request('/v1/tenants/current/settings', { method: 'PATCH', body: { [SUGGESTIONS]: isOn } });
}
