import type { ColumnType, Generated } from 'kysely';
import type { CreatedAt, DefaultedTimestamp, Json, Timestamp } from './column-types.ts';

export type UserKind = 'person' | 'service-account';

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
  /** When it was proven that who has the account reads its mail. */
  email_verified_at: Timestamp | null;
  kind: Generated<UserKind>;
  last_login_at: Timestamp | null;
  created_at: CreatedAt;
  updated_at: DefaultedTimestamp;
};

export type MembershipRole = 'owner' | 'admin' | 'member' | 'viewer';

export type MembershipTable = {
  tenant_id: string;
  user_id: string;
  role: MembershipRole;
  is_active: Generated<boolean>;
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
  revoked_reason: 'logout' | 'reuse' | 'password' | 'revoked' | 'switched' | 'deactivated' | null;
  /** Whether it was begun with a second factor. */
  second_factor: Generated<boolean>;
  address: string | null;
  user_agent: string | null;
  /** When it was begun or last refreshed. */
  last_used_at: Timestamp | null;
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
  /** The secret before the last rotation, good until `previous_until`. */
  previous_secret_hash: string | null;
  previous_until: Timestamp | null;
  created_at: CreatedAt;
};

/** Sent by mail, or the ticket between the two steps of a login; good once. */
export type OneTimeTokenTable = {
  /** SHA-256, base64url. */
  token_hash: string;
  purpose: 'verify-email' | 'change-email' | 'reset-password' | 'second-factor';
  user_id: string;
  /** The address that the user had when it was made, or is to have. */
  email: string;
  context: Json<unknown>;
  failures: Generated<number>;
  expires_at: Timestamp;
  created_at: CreatedAt;
};

export type SecondFactorTable = {
  user_id: string;
  /** Sealed. */
  secret: Buffer;
  /** The time step of the last code that was taken; none at or before it is taken again. */
  last_step: Generated<number>;
  /** Null until its first code was right: it guards nothing yet. */
  confirmed_at: Timestamp | null;
  created_at: DefaultedTimestamp;
};

export type RecoveryCodeTable = { user_id: string; code_hash: string };

/** An account at a provider by which a user signs in. */
export type ExternalIdentityTable = {
  provider: string;
  subject: string;
  user_id: string;
  email: string;
  created_at: CreatedAt;
};

/** A sign-in at a provider that has begun. */
export type OauthFlowTable = {
  state_hash: string;
  /** Of what only the browser that began it knows. */
  browser_hash: string;
  provider: string;
  redirect_uri: string;
  code_verifier: string;
  nonce: string;
  remember_me: boolean;
  expires_at: Timestamp;
};

export type InvitationTable = {
  id: string;
  tenant_id: string;
  email: string;
  role: MembershipRole;
  token_hash: string;
  invited_by: string | null;
  expires_at: Timestamp;
  accepted_at: Timestamp | null;
  created_at: CreatedAt;
};

export type SigningKeyTable = {
  /** The `kid` of tokens signed with it. */
  id: string;
  algorithm: 'EdDSA' | 'ES256';
  public_jwk: Json<Record<string, unknown>>;
  /** Sealed. */
  private_key: Buffer;
  created_at: DefaultedTimestamp;
  /** Set once another signs; from then on its tokens are refused. */
  retires_at: Timestamp | null;
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
