import type { Generated } from 'kysely';
import type {
  AnalysisTable,
  FindingTable,
  RepositoryFileTable,
  RepositoryTable,
  TriageTable,
} from './schema/code-tables.ts';
import type { CreatedAt, DefaultedTimestamp, Json, Timestamp } from './schema/column-types.ts';
import type {
  AttachmentChunkTable,
  AttachmentFileTable,
  AttachmentTable,
  ChunkTable,
  CorpusChangeTable,
  DocumentFileTable,
  DocumentTable,
  DocumentTextTable,
  EmbeddingTable,
  PostingTable,
  SourceTable,
} from './schema/document-tables.ts';
import type { EmbeddingBackfillTable, EmbeddingIndexTable, EmbeddingRefusalTable } from './schema/embedding-tables.ts';
import type {
  ApiKeyTable,
  AuditChainTable,
  AuditEntryTable,
  ExternalIdentityTable,
  InvitationTable,
  LoginFailureTable,
  MembershipTable,
  OauthFlowTable,
  OneTimeTokenTable,
  RecoveryCodeTable,
  RefreshTokenTable,
  SecondFactorTable,
  SigningKeyTable,
  TokenFamilyTable,
  UserTable,
} from './schema/identity-tables.ts';
import type {
  BudgetAlertTable,
  BudgetTable,
  LedgerAccountTable,
  LedgerEntryTable,
  LedgerReservationTable,
} from './schema/ledger-tables.ts';
import type {
  MemoryCorpusChangeTable,
  MemoryEmbeddingTable,
  MemoryFactReadingTable,
  MemoryFactTable,
  MemoryPostingTable,
  MemorySpaceTable,
  MemoryTable,
} from './schema/memory-tables.ts';
import type {
  ForgettingTable,
  RetentionPolicyTable,
  RetentionRuleTable,
  RetentionRunTable,
  RetentionStepTable,
  TombstoneTable,
} from './schema/retention-tables.ts';
import type {
  TenantDeletionTable,
  TenantExportPartTable,
  TenantExportTable,
  TenantSecretTable,
  TenantSettingTable,
} from './schema/tenancy-tables.ts';

export type {
  ApiKeyScope,
  AuditActorKind,
  MembershipRole,
  OneTimeTokenTable,
  TokenFamilyTable,
  UserKind,
} from './schema/identity-tables.ts';

/**
 * The types of all tables, in one place because Kysely's handles are invariant in them; those of a feature with many
 * tables are in a file of `schema/`. `schema.test.ts` compares them with the migrated database, column by column.
 * Platform tables are named with their schema; tenant tables are bare and live in the schema of the tenant's transaction.
 */
export type Schema = PlatformSchema & TenantSchema;

export type MigrationTable = { id: string; checksum: string; applied_at: DefaultedTimestamp };

export type TenantStatus = 'active' | 'suspended';

export type TenantTable = {
  id: string;
  slug: string;
  name: string;
  status: Generated<TenantStatus>;
  /** Why the tenant's last migration failed; such a tenant is not served until it is migrated. */
  migration_error: string | null;
  requires_second_factor: Generated<boolean>;
  /** Told to its users. */
  suspended_reason: string | null;
  created_at: CreatedAt;
  updated_at: DefaultedTimestamp;
};

export type McpApproval = 'never' | 'changes' | 'always';

/** A server whose tools a tenant's runs may call. Its headers are a secret of the tenant. */
export type McpServerTable = {
  id: string;
  tenant_id: string;
  /** As runs name it, and as the names of its tools begin. */
  name: string;
  url: string;
  header_names: string[];
  approval: McpApproval;
  timeout_ms: number;
  enabled: boolean;
  created_at: CreatedAt;
  updated_at: DefaultedTimestamp;
};

export type SessionTable = {
  id: string;
  user_id: string;
  title: string | null;
  /** The title is made from the first question: a better one may take its place. */
  title_made: Generated<boolean>;
  metadata: Json<Record<string, unknown>>;
  /** Set: in no list, and deleted after it. */
  expires_at: Timestamp | null;
  /** The dialect that made it, where that one counts its sessions. */
  origin: string | null;
  created_at: CreatedAt;
  updated_at: DefaultedTimestamp;
};

export type MessageRole = 'user' | 'assistant' | 'system' | 'tool';
export type MessageStatus = 'complete' | 'incomplete';

export type MessageTable = {
  id: string;
  session_id: string;
  /** The message that it follows; null for the first. Several with one parent are branches. */
  parent_id: string | null;
  /** Whether it is on the branch that its session shows. */
  is_current: Generated<boolean>;
  run_id: string | null;
  role: MessageRole;
  parts: Json<unknown[]>;
  status: MessageStatus;
  created_at: CreatedAt;
};

/** `waiting`: unfinished, held by no worker, until a client answers a tool call. */
export type RunStatus = 'queued' | 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled';

export type RunTable = {
  id: string;
  session_id: string;
  user_id: string;
  /** The id that the answer's message gets. */
  message_id: string;
  /** The message that it answers. */
  parent_id: string | null;
  status: RunStatus;
  model: string;
  /** What was asked for, as the run needs it again after a takeover. */
  request: Json<unknown>;
  /** Counts the workers that held the run; a write with an older attempt is refused (fencing). */
  attempt: Generated<number>;
  /** Counts the workers that died, or were taken for dead, while they held the run. */
  lost_workers: Generated<number>;
  /** The worker whose lease holds the run; its lease is in platform.worker. */
  lease_owner: string | null;
  cancel_requested_at: Timestamp | null;
  last_seq: Generated<number>;
  usage: Json<{
    input_tokens: number;
    cached_input_tokens?: number;
    output_tokens: number;
    reasoning_tokens?: number;
    cost_usd: number | null;
  }> | null;
  error: Json<{ code: string; detail: string }> | null;
  created_at: CreatedAt;
  started_at: Timestamp | null;
  ended_at: Timestamp | null;
  /** The tool calls that a waiting run waits for. */
  waiting_for: Json<unknown[]> | null;
  /** When a waiting run is given up. Still set once it was taken up for that. */
  wait_until: Timestamp | null;
  /** What its user thought of the answer while it was under way; becomes feedback once there is a message. */
  early_rating: Rating | null;
  early_rated_at: Timestamp | null;
  /** When its messages went into memory, or were found not to belong there. */
  remembered_at: Timestamp | null;
};

/** What a client answered to a tool call, kept until the run's worker has taken it into the log. */
export type RunToolAnswerTable = {
  run_id: string;
  tool_call_id: string;
  answer: Json<unknown>;
  created_at: CreatedAt;
};

export type Rating = 'positive' | 'negative';

export type FeedbackTable = {
  message_id: string;
  user_id: string;
  session_id: string;
  rating: Rating;
  created_at: CreatedAt;
  updated_at: DefaultedTimestamp;
};

/** A stretch of a run's event log: `events` holds the events `first_seq` to `last_seq`, in order. */
export type RunEventTable = {
  run_id: string;
  first_seq: number;
  last_seq: number;
  events: Json<unknown[]>;
  created_at: CreatedAt;
};

/** A process that works on runs. Whoever finds `lease_until` in the past takes its runs over. */
export type WorkerTable = {
  id: string;
  host: string;
  lease_until: Timestamp;
  /** The worker that is taking its runs over; from then on it can renew no more. */
  adopted_by: string | null;
  started_at: CreatedAt;
};
/** Where a worker may hold runs: written before its first run in a tenant, so that a takeover knows where to look. */
export type WorkerTenantTable = { worker_id: string; tenant_id: string; tenant_slug: string };

/** A request with an `Idempotency-Key`, kept for its repeats. */
export type RepeatableRequestTable = {
  subject: string;
  key: string;
  /** SHA-256 of method, address and body, base64url. */
  fingerprint: string;
  claim_id: string;
  claimed_until: Timestamp;
  /** Encrypted; null while the first is under way. */
  answer: Buffer | null;
  expires_at: Timestamp;
};

export type PlatformSchema = {
  'platform.ledger_account': LedgerAccountTable;
  'platform.ledger_reservation': LedgerReservationTable;
  'platform.ledger_entry': LedgerEntryTable;
  'platform.budget': BudgetTable;
  'platform.budget_alert': BudgetAlertTable;
  'platform.embedding_index': EmbeddingIndexTable;
  'platform.embedding_backfill': EmbeddingBackfillTable;
  'platform.worker': WorkerTable;
  'platform.worker_tenant': WorkerTenantTable;
  'platform.schema_migration': MigrationTable;
  'platform.tenant': TenantTable;
  'platform.tenant_setting': TenantSettingTable;
  'platform.tenant_secret': TenantSecretTable;
  'platform.mcp_server': McpServerTable;
  'platform.tenant_deletion': TenantDeletionTable;
  'platform.tenant_export': TenantExportTable;
  'platform.tenant_export_part': TenantExportPartTable;
  'platform.user': UserTable;
  'platform.membership': MembershipTable;
  'platform.token_family': TokenFamilyTable;
  'platform.refresh_token': RefreshTokenTable;
  'platform.api_key': ApiKeyTable;
  'platform.login_failure': LoginFailureTable;
  'platform.one_time_token': OneTimeTokenTable;
  'platform.second_factor': SecondFactorTable;
  'platform.recovery_code': RecoveryCodeTable;
  'platform.external_identity': ExternalIdentityTable;
  'platform.oauth_flow': OauthFlowTable;
  'platform.invitation': InvitationTable;
  'platform.signing_key': SigningKeyTable;
  'platform.audit_entry': AuditEntryTable;
  'platform.audit_chain': AuditChainTable;
};

export type TenantSchema = {
  schema_migration: MigrationTable;
  session: SessionTable;
  message: MessageTable;
  run: RunTable;
  run_event: RunEventTable;
  run_tool_answer: RunToolAnswerTable;
  feedback: FeedbackTable;
  source: SourceTable;
  document: DocumentTable;
  document_file: DocumentFileTable;
  document_text: DocumentTextTable;
  attachment: AttachmentTable;
  attachment_file: AttachmentFileTable;
  attachment_chunk: AttachmentChunkTable;
  chunk: ChunkTable;
  posting: PostingTable;
  corpus_change: CorpusChangeTable;
  embedding: EmbeddingTable;
  repeatable_request: RepeatableRequestTable;
  memory_space: MemorySpaceTable;
  memory: MemoryTable;
  memory_posting: MemoryPostingTable;
  memory_corpus_change: MemoryCorpusChangeTable;
  memory_embedding: MemoryEmbeddingTable;
  memory_fact: MemoryFactTable;
  memory_fact_reading: MemoryFactReadingTable;
  retention_policy: RetentionPolicyTable;
  retention_rule: RetentionRuleTable;
  retention_run: RetentionRunTable;
  retention_step: RetentionStepTable;
  embedding_refusal: EmbeddingRefusalTable;
  tombstone: TombstoneTable;
  forgetting: ForgettingTable;
  repository: RepositoryTable;
  repository_file: RepositoryFileTable;
  analysis: AnalysisTable;
  finding: FindingTable;
  triage: TriageTable;
};
