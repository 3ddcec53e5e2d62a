-- migrate: up
-- One row at most: what the tenant has decided instead of the defaults.
CREATE TABLE retention_policy (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  enabled boolean NOT NULL,
  max_age_days integer CHECK (max_age_days BETWEEN 1 AND 3650),
  importance_threshold double precision CHECK (importance_threshold BETWEEN 0 AND 1),
  max_items bigint CHECK (max_items >= 1),
  delete_after_days integer CHECK (delete_after_days BETWEEN 1 AND 3650),
  updated_by uuid,
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE retention_rule (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  description text,
  rule_type text NOT NULL CHECK (rule_type IN ('age', 'importance', 'conversation_age', 'max_items', 'custom')),
  conditions jsonb NOT NULL,
  action text NOT NULL CHECK (action IN ('archive', 'delete', 'move_to_cold_storage')),
  priority integer NOT NULL CHECK (priority BETWEEN 1 AND 1000),
  enabled boolean NOT NULL,
  last_applied_at timestamptz(3),
  created_by uuid,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX retention_rule_priority ON retention_rule (priority, created_at);

-- Each time that it was asked for or due, with what was done; never deleted by retention itself.
CREATE TABLE retention_run (
  id uuid PRIMARY KEY,
  cause text NOT NULL CHECK (cause IN ('schedule', 'request')),
  started_by uuid,
  dry_run boolean NOT NULL,
  actions text[] NOT NULL,
  status text NOT NULL CHECK (status IN ('running', 'completed', 'failed')),
  -- By action, and by rule within it: what was planned, and what is done of it.
  planned jsonb NOT NULL DEFAULT '{}',
  done jsonb NOT NULL DEFAULT '{}',
  error jsonb,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  ended_at timestamptz(3)
);
CREATE UNIQUE INDEX retention_run_one_at_a_time ON retention_run ((true)) WHERE status = 'running' AND NOT dry_run;
CREATE INDEX retention_run_created ON retention_run (created_at DESC, id DESC);

-- What a run is about to do: one step a memory, the first that applies.
CREATE TABLE retention_step (
  run_id uuid NOT NULL REFERENCES retention_run (id) ON DELETE CASCADE,
  memory_number bigint NOT NULL,
  action text NOT NULL,
  -- The rule's; null: the policy.
  rule_id uuid,
  reason text NOT NULL,
  PRIMARY KEY (run_id, memory_number)
);

-- migrate: down
DROP TABLE retention_step;
DROP TABLE retention_run;
DROP TABLE retention_rule;
DROP TABLE retention_policy;
