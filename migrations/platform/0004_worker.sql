-- migrate: up
CREATE TABLE platform.worker (
  id uuid PRIMARY KEY,
  host text NOT NULL,
  lease_until timestamptz NOT NULL,
  adopted_by uuid,
  started_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE platform.worker_tenant (
  worker_id uuid NOT NULL REFERENCES platform.worker (id) ON DELETE CASCADE,
  tenant_id uuid NOT NULL REFERENCES platform.tenant (id) ON DELETE CASCADE,
  tenant_slug text NOT NULL,
  PRIMARY KEY (worker_id, tenant_id)
);
CREATE INDEX worker_tenant_tenant ON platform.worker_tenant (tenant_id);

-- migrate: down
DROP TABLE platform.worker_tenant;
DROP TABLE platform.worker;
