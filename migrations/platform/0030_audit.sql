-- migrate: up
-- tenant_id names no row: the log outlives its tenant, and the nil id stands for the installation itself.
CREATE TABLE platform.audit_entry (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  number bigint NOT NULL,
  act text NOT NULL,
  actor_kind text NOT NULL CHECK (actor_kind IN ('user', 'service-account', 'anonymous', 'system')),
  actor_id uuid,
  api_key_id uuid,
  target_kind text,
  target_id text,
  address text,
  request_id text,
  details jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL,
  hash bytea NOT NULL,
  UNIQUE (tenant_id, number)
);
CREATE INDEX audit_entry_tenant ON platform.audit_entry (tenant_id, id);

-- The last number and hash of each tenant's log: what is cut off its end is missed, too.
CREATE TABLE platform.audit_chain (
  tenant_id uuid PRIMARY KEY,
  number bigint NOT NULL,
  hash bytea NOT NULL
);

CREATE FUNCTION platform.refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is only appended to' USING ERRCODE = 'insufficient_privilege';
END $$;
-- A trigger holds superusers, too, whom no privilege stops: the embedded database has no other role.
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON platform.audit_entry
  FOR EACH STATEMENT EXECUTE FUNCTION platform.refuse_audit_change();
REVOKE UPDATE, DELETE, TRUNCATE ON platform.audit_entry FROM PUBLIC, CURRENT_USER;

-- migrate: down
DROP TABLE platform.audit_entry;
DROP FUNCTION platform.refuse_audit_change();
DROP TABLE platform.audit_chain;
