import type { CreatedAt, DefaultedTimestamp, Json, Timestamp } from './column-types.ts';

/** What was deleted, so that it stays so after a backup from before was restored. */
export type TombstoneTable = {
  id: string;
  kind: string;
  ids: string[];
  created_at: CreatedAt;
  /** When it was written outside of the database. */
  journaled_at: Timestamp | null;
};

/** What somebody asked to be forgotten. */
export type ForgettingTable = {
  id: string;
  kind: string;
  target: string;
  requested_by: string | null;
  status: 'running' | 'completed';
  planned: Json<Record<string, number>>;
  done: Json<Record<string, number>>;
  memory_ids: string[];
  receipt: Json<unknown> | null;
  signature: string | null;
  created_at: CreatedAt;
  ended_at: Timestamp | null;
};

/** One row at most. */
export type RetentionPolicyTable = {
  singleton: boolean;
  enabled: boolean;
  max_age_days: number | null;
  importance_threshold: number | null;
  max_items: number | null;
  delete_after_days: number | null;
  updated_by: string | null;
  updated_at: DefaultedTimestamp;
};

export type RetentionActionName = 'archive' | 'delete' | 'move_to_cold_storage';

export type RetentionRuleTable = {
  id: string;
  name: string;
  description: string | null;
  rule_type: 'age' | 'importance' | 'conversation_age' | 'max_items' | 'custom';
  conditions: Json<Record<string, unknown>>;
  action: RetentionActionName;
  priority: number;
  enabled: boolean;
  last_applied_at: Timestamp | null;
  created_by: string | null;
  created_at: CreatedAt;
  updated_at: DefaultedTimestamp;
};

export type RetentionRunTable = {
  id: string;
  cause: 'schedule' | 'request';
  started_by: string | null;
  dry_run: boolean;
  actions: RetentionActionName[];
  status: 'running' | 'completed' | 'failed';
  planned: Json<{
    rules: { rule_id: string | null; name: string; action: RetentionActionName; memories: number }[];
  }>;
  done: Json<Partial<Record<RetentionActionName, number>>>;
  error: Json<{ code: string; detail: string }> | null;
  created_at: CreatedAt;
  ended_at: Timestamp | null;
};

export type RetentionStepTable = {
  run_id: string;
  memory_number: number;
  action: RetentionActionName;
  /** Null: the policy's. */
  rule_id: string | null;
  reason: string;
};
