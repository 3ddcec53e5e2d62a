import type { ColumnType, Generated } from 'kysely';

/**
 * The types of all tables, in one place because Kysely's handles are invariant in them.
 * `schema.test.ts` compares this file with the migrated database, column by column.
 * Platform tables are named with their schema; tenant tables are bare and live in the schema of the tenant's transaction.
 */
export type Schema = PlatformSchema & TenantSchema;

/** Read as Date; written as Date; never written by accident once it has a default. */
type Timestamp = ColumnType<Date, Date, Date>;
type CreatedAt = ColumnType<Date, Date | undefined, never>;
type DefaultedTimestamp = ColumnType<Date, Date | undefined, Date>;
/** Written as a JSON string, because node-postgres sends arrays as Postgres arrays. */
type Json<T> = ColumnType<T, string, string>;

export type MigrationTable = { id: string; checksum: string; applied_at: DefaultedTimestamp };

export type TenantStatus = 'active' | 'suspended';

export type TenantTable = {
  id: string;
  slug: string;
  name: string;
  status: Generated<TenantStatus>;
  /** Why the tenant's last migration failed; such a tenant is not served until it is migrated. */
  migration_error: string | null;
  created_at: CreatedAt;
  updated_at: DefaultedTimestamp;
};

/** What a tenant has set otherwise than the installation. */
export type TenantSettingTable = {
  tenant_id: string;
  key: string;
  value: Json<unknown>;
  updated_by: string | null;
  updated_at: DefaultedTimestamp;
};

/** What a tenant has given us to keep and to use. */
export type TenantSecretTable = {
  tenant_id: string;
  name: string;
  /** By `platform/secrets`. */
  sealed: Buffer;
  /** Its last characters, by which a person knows it again. */
  hint: string;
  updated_by: string | null;
  created_at: CreatedAt;
  updated_at: DefaultedTimestamp;
};

export type UserTable = {
  id: string;
  /** Normalised: lower case, NFKC. */
  email: string;
  /** As it was typed; unique without regard to case. */
  username: string | null;
  full_name: string | null;
  /** argon2id, or bcrypt where it came from elsewhere; null for one who has no password. */
  password_hash: string | null;
  is_active: Generated<boolean>;
  is_operator: Generated<boolean>;
  last_login_at: Timestamp | null;
  created_at: CreatedAt;
  updated_at: DefaultedTimestamp;
};

export type MembershipRole = 'owner' | 'admin' | 'member' | 'viewer';

export type MembershipTable = {
  tenant_id: string;
  user_id: string;
  role: MembershipRole;
  created_at: CreatedAt;
  updated_at: DefaultedTimestamp;
};

/** One login: the refresh tokens that follow from it, of which at most one is unspent. */
export type TokenFamilyTable = {
  id: string;
  user_id: string;
  tenant_id: string;
  /** Days that each of its refresh tokens lives. */
  lifetime_days: number;
  /** When its newest refresh token expires. */
  expires_at: Timestamp;
  revoked_at: Timestamp | null;
  revoked_reason: 'logout' | 'reuse' | null;
  created_at: CreatedAt;
};

/** Failed logins of an account, or from an address. */
export type LoginFailureTable = {
  subject: string;
  failures: number;
  locked_until: Timestamp | null;
  /** From then on as if it were not there. */
  expires_at: Timestamp;
};

export type RefreshTokenTable = {
  id: string;
  family_id: string;
  /** The token that was spent for this one. */
  parent_id: string | null;
  /** SHA-256, base64url. */
  token_hash: string;
  expires_at: Timestamp;
  spent_at: Timestamp | null;
  created_at: CreatedAt;
};

export type ApiKeyScope = 'read' | 'write' | 'admin' | 'operator';

export type ApiKeyTable = {
  id: string;
  user_id: string;
  tenant_id: string;
  name: string;
  /** The visible part. */
  prefix: string;
  /** SHA-256 of the secret part, base64url. */
  secret_hash: string;
  scopes: ApiKeyScope[];
  expires_at: Timestamp | null;
  last_used_at: Timestamp | null;
  revoked_at: Timestamp | null;
  created_at: CreatedAt;
};

export type SessionTable = {
  id: string;
  user_id: string;
  title: string | null;
  metadata: Json<Record<string, unknown>>;
  /** Set: in no list, and deleted after it. */
  expires_at: Timestamp | null;
  created_at: CreatedAt;
  updated_at: DefaultedTimestamp;
};

export type MessageRole = 'user' | 'assistant' | 'system' | 'tool';
export type MessageStatus = 'complete' | 'incomplete';

export type MessageTable = {
  id: string;
  session_id: string;
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
  status: RunStatus;
  model: string;
  /** What was asked for, as the run needs it again after a takeover. */
  request: Json<unknown>;
  /** Counts the workers that held the run; a write with an older attempt is refused (fencing). */
  attempt: Generated<number>;
  /** The worker whose lease holds the run; its lease is in platform.worker. */
  lease_owner: string | null;
  cancel_requested_at: Timestamp | null;
  last_seq: Generated<number>;
  usage: Json<{ input_tokens: number; output_tokens: number; cost_usd: number | null }> | null;
  error: Json<{ code: string; detail: string }> | null;
  created_at: CreatedAt;
  started_at: Timestamp | null;
  ended_at: Timestamp | null;
  /** The tool calls that a waiting run waits for. */
  waiting_for: Json<unknown[]> | null;
  /** When a waiting run is given up. Still set once it was taken up for that. */
  wait_until: Timestamp | null;
};

/** What a client answered to a tool call, kept until the run's worker has taken it into the log. */
export type RunToolAnswerTable = {
  run_id: string;
  tool_call_id: string;
  answer: Json<unknown>;
  created_at: CreatedAt;
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

export type SourceKind = 'folder';

export type SourceTable = {
  id: string;
  kind: SourceKind;
  name: string;
  /** A folder's absolute path. */
  location: string;
  created_by: string | null;
  synchronized_at: Timestamp | null;
  created_at: CreatedAt;
  updated_at: DefaultedTimestamp;
};

/** `receiving` is still being uploaded and seen by nobody; `deleting` is gone for everybody, and a job removes what is left. */
export type DocumentStatus = 'receiving' | 'queued' | 'processing' | 'ready' | 'failed' | 'deleting';

export type DocumentTable = {
  id: string;
  source_id: string | null;
  /** Where in its source; null for uploads. */
  path: string | null;
  title: string;
  filename: string | null;
  content_type: string;
  size_bytes: number;
  /** SHA-256 of the original, hex. */
  content_hash: string;
  /** The stemmer that its words went through; null before the first try. */
  language: string | null;
  status: DocumentStatus;
  /** 0 to 1. */
  progress: Generated<number>;
  error: Json<{ code: string; detail: string }> | null;
  warnings: ColumnType<string[], string | undefined, string>;
  /** Counts every try; a write with an older attempt is refused (fencing). */
  attempt: Generated<number>;
  /** Tries since somebody asked for it. */
  tries: Generated<number>;
  /** The older version, which goes in the moment that this one is ready. */
  replaces: string | null;
  chunk_count: Generated<number>;
  page_count: number | null;
  text_length: number | null;
  /** All its chunks have numbers in this range; others may have numbers in it, too. */
  first_chunk: number | null;
  last_chunk: number | null;
  metadata: ColumnType<Record<string, unknown>, string | undefined, string>;
  created_by: string | null;
  created_at: CreatedAt;
  updated_at: DefaultedTimestamp;
};

/** The original, in parts of at most 1 MiB. */
export type DocumentFileTable = { document_id: string; part: number; bytes: Buffer };

/** The extracted text, in stretches; offsets are UTF-16. */
export type DocumentTextTable = { document_id: string; start_offset: number; text: string };

export type ChunkTable = {
  /** Dense and rising, for the inverted index; `id` is for everybody else. */
  number: Generated<number>;
  id: string;
  document_id: string;
  index: number;
  start_offset: number;
  end_offset: number;
  heading_path: string[];
  page_start: number | null;
  page_end: number | null;
  text: string;
  /** SHA-256 of what is embedded: title, headings and text. */
  content_hash: Buffer;
  word_count: number;
};

export type PostingTable = { chunk_number: number; word_count: number; frequency: number; lexeme: string };

/** What is in `posting`, as changes to add up. */
export type CorpusChangeTable = { id: Generated<number>; language: string; chunk_count: number; word_count: number };

/** `vector` is written and read as text: `[1,2,3]`. */
export type EmbeddingTable = { embedder: string; content_hash: Buffer; vector: string };

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

export type AuditActorKind = 'user' | 'service-account' | 'anonymous' | 'system';

/** An entry of the audit log; only ever appended. */
export type AuditEntryTable = {
  id: string;
  /** The nil id for the installation. */
  tenant_id: string;
  /** 1, 2, 3, … in each tenant. */
  number: number;
  act: string;
  actor_kind: AuditActorKind;
  actor_id: string | null;
  api_key_id: string | null;
  target_kind: string | null;
  target_id: string | null;
  address: string | null;
  request_id: string | null;
  details: Json<Record<string, string | number | boolean | null | readonly string[]>>;
  created_at: ColumnType<Date, Date, never>;
  /** SHA-256 of the hash before it and of the entry. */
  hash: Buffer;
};

/** The last entry of each tenant's audit log. */
export type AuditChainTable = { tenant_id: string; number: number; hash: Buffer };

export type PlatformSchema = {
  'platform.worker': WorkerTable;
  'platform.worker_tenant': WorkerTenantTable;
  'platform.schema_migration': MigrationTable;
  'platform.tenant': TenantTable;
  'platform.tenant_setting': TenantSettingTable;
  'platform.tenant_secret': TenantSecretTable;
  'platform.user': UserTable;
  'platform.membership': MembershipTable;
  'platform.token_family': TokenFamilyTable;
  'platform.refresh_token': RefreshTokenTable;
  'platform.api_key': ApiKeyTable;
  'platform.login_failure': LoginFailureTable;
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
  source: SourceTable;
  document: DocumentTable;
  document_file: DocumentFileTable;
  document_text: DocumentTextTable;
  chunk: ChunkTable;
  posting: PostingTable;
  corpus_change: CorpusChangeTable;
  embedding: EmbeddingTable;
  repeatable_request: RepeatableRequestTable;
};
