-- migrate: up
ALTER TABLE platform."user" ADD COLUMN email_verified_at timestamptz(3);
ALTER TABLE platform."user" ADD COLUMN kind text NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'service-account'));
ALTER TABLE platform.membership ADD COLUMN is_active boolean NOT NULL DEFAULT true;
ALTER TABLE platform.tenant ADD COLUMN requires_second_factor boolean NOT NULL DEFAULT false;

ALTER TABLE platform.token_family ADD COLUMN second_factor boolean NOT NULL DEFAULT false;
ALTER TABLE platform.token_family ADD COLUMN address text;
ALTER TABLE platform.token_family ADD COLUMN user_agent text;
ALTER TABLE platform.token_family ADD COLUMN last_used_at timestamptz(3);

ALTER TABLE platform.api_key ADD COLUMN previous_secret_hash text;
ALTER TABLE platform.api_key ADD COLUMN previous_until timestamptz(3);

-- Sent by mail, or the ticket between the two steps of a login. Only the hash is kept.
CREATE TABLE platform.one_time_token (
  token_hash text PRIMARY KEY,
  purpose text NOT NULL CHECK (purpose IN ('verify-email', 'reset-password', 'second-factor')),
  user_id uuid NOT NULL REFERENCES platform."user" (id) ON DELETE CASCADE,
  email text NOT NULL,
  context jsonb NOT NULL,
  failures integer NOT NULL DEFAULT 0,
  expires_at timestamptz(3) NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX one_time_token_user ON platform.one_time_token (user_id, purpose);
CREATE INDEX one_time_token_expiry ON platform.one_time_token (expires_at);

CREATE TABLE platform.second_factor (
  user_id uuid PRIMARY KEY REFERENCES platform."user" (id) ON DELETE CASCADE,
  secret bytea NOT NULL,
  last_step bigint NOT NULL DEFAULT 0,
  confirmed_at timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE TABLE platform.recovery_code (
  user_id uuid NOT NULL REFERENCES platform."user" (id) ON DELETE CASCADE,
  code_hash text NOT NULL,
  PRIMARY KEY (user_id, code_hash)
);

CREATE TABLE platform.external_identity (
  provider text NOT NULL,
  subject text NOT NULL,
  user_id uuid NOT NULL REFERENCES platform."user" (id) ON DELETE CASCADE,
  email text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (provider, subject)
);
CREATE INDEX external_identity_user ON platform.external_identity (user_id);

-- A sign-in at a provider that has begun; good once.
CREATE TABLE platform.oauth_flow (
  state_hash text PRIMARY KEY,
  browser_hash text NOT NULL,
  provider text NOT NULL,
  redirect_uri text NOT NULL,
  code_verifier text NOT NULL,
  nonce text NOT NULL,
  remember_me boolean NOT NULL,
  expires_at timestamptz(3) NOT NULL
);
CREATE INDEX oauth_flow_expiry ON platform.oauth_flow (expires_at);

CREATE TABLE platform.invitation (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES platform.tenant (id) ON DELETE CASCADE,
  email text NOT NULL,
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
  token_hash text NOT NULL UNIQUE,
  invited_by uuid REFERENCES platform."user" (id) ON DELETE SET NULL,
  expires_at timestamptz(3) NOT NULL,
  accepted_at timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
-- Who is invited again gets a new token, and the old one is worth nothing.
CREATE UNIQUE INDEX invitation_open ON platform.invitation (tenant_id, email) WHERE accepted_at IS NULL;

CREATE TABLE platform.signing_key (
  id uuid PRIMARY KEY,
  algorithm text NOT NULL CHECK (algorithm IN ('EdDSA', 'ES256')),
  public_jwk jsonb NOT NULL,
  private_key bytea NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  retires_at timestamptz(3)
);

-- migrate: down
DROP TABLE platform.signing_key;
DROP TABLE platform.invitation;
DROP TABLE platform.oauth_flow;
DROP TABLE platform.external_identity;
DROP TABLE platform.recovery_code;
DROP TABLE platform.second_factor;
DROP TABLE platform.one_time_token;
ALTER TABLE platform.api_key DROP COLUMN previous_until;
ALTER TABLE platform.api_key DROP COLUMN previous_secret_hash;
ALTER TABLE platform.token_family DROP COLUMN last_used_at;
ALTER TABLE platform.token_family DROP COLUMN user_agent;
ALTER TABLE platform.token_family DROP COLUMN address;
ALTER TABLE platform.token_family DROP COLUMN second_factor;
ALTER TABLE platform.tenant DROP COLUMN requires_second_factor;
ALTER TABLE platform.membership DROP COLUMN is_active;
ALTER TABLE platform."user" DROP COLUMN kind;
ALTER TABLE platform."user" DROP COLUMN email_verified_at;
