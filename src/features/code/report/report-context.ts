import type { Suggestions } from '../suggestions/suggestion.ts';

export const REPORT_FORMATS = ['json', 'markdown', 'sarif', 'html', 'pdf'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

export type TriageStatus = 'open' | 'false_positive' | 'accepted' | 'resolved';

/** What a report says beyond the analysis itself. */
export type ReportContext = {
  /** The repository's name, as people know it. */
  repository: string;
  /** Where it came from, without a credential; null for an archive or a local path. */
  url: string | null;
  /** What was analysed; null where there is no history. */
  commit: string | null;
  /** When the analysis ended, ISO 8601: a report has no other time, so that it is the same whenever it is made. */
  analysedAt: string;
  /** By the findings' fingerprints; those that are not named are open. */
  triage: ReadonlyMap<string, { status: TriageStatus; note: string | null }>;
  /** Null where no model was asked. */
  suggestions: Suggestions | null;
};

export type RenderedReport = {
  body: string | Uint8Array;
  /** With its charset. */
  contentType: string;
  fileName: string;
  /** The policy under which a browser may show it. */
  contentPolicy: string;
};
