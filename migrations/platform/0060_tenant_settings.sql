-- migrate: up
-- What a tenant has set otherwise than the installation: no row, the default.
CREATE TABLE platform.tenant_setting (
  tenant_id uuid NOT NULL REFERENCES platform.tenant (id) ON DELETE CASCADE,
  key text NOT NULL,
  value jsonb NOT NULL,
  updated_by uuid,
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, key)
);

-- What a tenant has given us to keep and to use, sealed: keys of model providers, headers of MCP servers.
CREATE TABLE platform.tenant_secret (
  tenant_id uuid NOT NULL REFERENCES platform.tenant (id) ON DELETE CASCADE,
  name text NOT NULL,
  sealed bytea NOT NULL,
  hint text NOT NULL,
  updated_by uuid,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, name)
);

-- migrate: down
DROP TABLE platform.tenant_secret;
DROP TABLE platform.tenant_setting;
