-- migrate: up
ALTER TABLE platform.tenant ADD COLUMN suspended_reason text;

-- Names no tenant's row: a receipt outlives its tenant.
CREATE TABLE platform.tenant_deletion (
  tenant_id uuid PRIMARY KEY,
  slug text NOT NULL,
  receipt jsonb NOT NULL,
  signature text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE platform.tenant_export (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES platform.tenant (id) ON DELETE CASCADE,
  status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'ready', 'failed')),
  progress real NOT NULL DEFAULT 0,
  size_bytes bigint,
  checksum text,
  error text,
  created_by uuid,
  expires_at timestamptz(3) NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX tenant_export_tenant ON platform.tenant_export (tenant_id, id);

CREATE TABLE platform.tenant_export_part (
  export_id uuid NOT NULL REFERENCES platform.tenant_export (id) ON DELETE CASCADE,
  number integer NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (export_id, number)
);

-- migrate: down
DROP TABLE platform.tenant_export_part;
DROP TABLE platform.tenant_export;
DROP TABLE platform.tenant_deletion;
ALTER TABLE platform.tenant DROP COLUMN suspended_reason;
