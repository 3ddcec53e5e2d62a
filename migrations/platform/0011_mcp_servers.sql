-- migrate: up
CREATE TABLE platform.mcp_server (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES platform.tenant (id) ON DELETE CASCADE,
  name text NOT NULL,
  url text NOT NULL,
  header_names text[] NOT NULL,
  approval text NOT NULL CHECK (approval IN ('never', 'changes', 'always')),
  timeout_ms integer NOT NULL,
  enabled boolean NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT mcp_server_name UNIQUE (tenant_id, name)
);

-- migrate: down
DROP TABLE platform.mcp_server;
