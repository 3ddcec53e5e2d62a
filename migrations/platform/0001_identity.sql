-- migrate: up
CREATE TABLE platform."user" (
  id uuid PRIMARY KEY,
  email text NOT NULL CONSTRAINT user_email_unique UNIQUE,
  username text,
  full_name text,
  password_hash text,
  is_active boolean NOT NULL DEFAULT true,
  is_operator boolean NOT NULL DEFAULT false,
  last_login_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
-- The collation is fixed, because lower() of some languages does not map I to i.
CREATE UNIQUE INDEX user_username_unique ON platform."user" (lower(username COLLATE "C"));

CREATE TABLE platform.membership (
  tenant_id uuid NOT NULL REFERENCES platform.tenant (id) ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES platform."user" (id) ON DELETE CASCADE,
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX membership_user ON platform.membership (user_id, tenant_id);

-- One login: the refresh tokens that follow from it, of which at most one is unspent.
CREATE TABLE platform.token_family (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES platform."user" (id) ON DELETE CASCADE,
  tenant_id uuid NOT NULL REFERENCES platform.tenant (id) ON DELETE CASCADE,
  lifetime_days integer NOT NULL CHECK (lifetime_days > 0),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  revoked_reason text,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL))
);
CREATE INDEX token_family_user ON platform.token_family (user_id, expires_at);
CREATE INDEX token_family_tenant ON platform.token_family (tenant_id);

CREATE TABLE platform.refresh_token (
  id uuid PRIMARY KEY,
  family_id uuid NOT NULL REFERENCES platform.token_family (id) ON DELETE CASCADE,
  parent_id uuid,
  token_hash text NOT NULL UNIQUE,
  expires_at timestamptz NOT NULL,
  spent_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX refresh_token_family ON platform.refresh_token (family_id, expires_at);
-- Rotation cannot fork: a family has one unspent token.
CREATE UNIQUE INDEX refresh_token_one_unspent ON platform.refresh_token (family_id) WHERE spent_at IS NULL;

CREATE TABLE platform.api_key (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES platform."user" (id) ON DELETE CASCADE,
  tenant_id uuid NOT NULL REFERENCES platform.tenant (id) ON DELETE CASCADE,
  name text NOT NULL,
  prefix text NOT NULL UNIQUE,
  secret_hash text NOT NULL,
  scopes text[] NOT NULL CHECK (scopes <@ ARRAY['read', 'write', 'admin', 'operator'] AND scopes <> '{}'),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX api_key_tenant_user ON platform.api_key (tenant_id, user_id, id);
CREATE INDEX api_key_user ON platform.api_key (user_id);

-- migrate: down
DROP TABLE platform.api_key;
DROP TABLE platform.refresh_token;
DROP TABLE platform.token_family;
DROP TABLE platform.membership;
DROP TABLE platform."user";
