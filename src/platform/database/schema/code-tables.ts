import type { ColumnType, Generated } from 'kysely';
import type { CreatedAt, DefaultedTimestamp, Json, Timestamp } from './column-types.ts';

export type RepositoryKind = 'git' | 'archive' | 'local';

/** A code base under analysis. */
export type RepositoryTable = {
  id: string;
  name: string;
  description: string | null;
  kind: RepositoryKind;
  /** The address, the path, or the name of the file. */
  location: string;
  branch: string | null;
  has_token: Generated<boolean>;
  /** `receiving`: its archive is on its way; seen by nobody. */
  status: 'receiving' | 'ready';
  /** Of the archive. */
  size_bytes: Generated<number>;
  created_by: string | null;
  created_at: CreatedAt;
  updated_at: DefaultedTimestamp;
};

/** An uploaded archive, in parts of at most 1 MiB. */
export type RepositoryFileTable = { repository_id: string; part: number; bytes: Buffer };

export type AnalysisStatus = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';

export type AnalysisTable = {
  id: string;
  repository_id: string;
  status: AnalysisStatus;
  /** 0 to 1. */
  progress: Generated<number>;
  /** Counts every try; what an older one writes is refused (fencing). */
  attempt: Generated<number>;
  error: Json<{ code: string; detail: string }> | null;
  commit_id: string | null;
  /** Version of the rules. */
  engine: string | null;
  file_count: Generated<number>;
  finding_count: Generated<number>;
  scores: ColumnType<unknown[], string | undefined, string>;
  /** Everything but the findings. */
  result: Json<unknown> | null;
  created_by: string | null;
  created_at: CreatedAt;
  updated_at: DefaultedTimestamp;
  started_at: Timestamp | null;
  completed_at: Timestamp | null;
};

export type FindingTable = {
  id: string;
  analysis_id: string;
  /** In order: the worst first. */
  number: number;
  fingerprint: string;
  rule: string;
  severity: 'critical' | 'high' | 'medium' | 'low';
  category: string;
  path: string | null;
  line: number | null;
  message: string;
  evidence: string;
  fix: string;
  verify: string | null;
};

export type TriageStatus = 'open' | 'false_positive' | 'accepted' | 'resolved';

/** What people say of a finding; it stays from analysis to analysis. */
export type TriageTable = {
  repository_id: string;
  fingerprint: string;
  status: TriageStatus;
  note: string | null;
  updated_by: string | null;
  updated_at: DefaultedTimestamp;
};
