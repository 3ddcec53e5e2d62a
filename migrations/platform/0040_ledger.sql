-- migrate: up
-- Amounts are in billionths of a US dollar (nano-dollars). Days and months are those of UTC.
-- Without foreign keys: what was spent stays on record when a tenant, a user or a key is gone.

-- What a tenant, a user in it, or an API key in it has spent and reserved in the present day and month.
CREATE TABLE platform.ledger_account (
  tenant_id uuid NOT NULL,
  scope text NOT NULL CHECK (scope IN ('tenant', 'user', 'key')),
  subject_id uuid NOT NULL,
  day date NOT NULL,
  day_spent bigint NOT NULL DEFAULT 0,
  day_reserved bigint NOT NULL DEFAULT 0,
  month date NOT NULL,
  month_spent bigint NOT NULL DEFAULT 0,
  month_reserved bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, scope, subject_id)
) WITH (fillfactor = 50);

-- Calls that are under way, or whose process died. Whoever deletes the row settles the call.
CREATE TABLE platform.ledger_reservation (
  call_id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  user_id uuid,
  api_key_id uuid,
  purpose text NOT NULL,
  model text NOT NULL,
  run_id uuid,
  run_position integer,
  day date NOT NULL,
  amount bigint NOT NULL CHECK (amount >= 0),
  price json,
  input_tokens integer NOT NULL,
  created_at timestamptz(3) NOT NULL
);
CREATE INDEX ledger_reservation_created ON platform.ledger_reservation (created_at);
CREATE INDEX ledger_reservation_run ON platform.ledger_reservation (run_id) WHERE run_id IS NOT NULL;

-- Each entry moves an amount between two sides of the call's accounts: reserve from available to reserved, settle from
-- reserved to spent, release from reserved to available (negative where a call cost more than its reservation).
CREATE TABLE platform.ledger_entry (
  call_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('reserve', 'settle', 'release')),
  tenant_id uuid NOT NULL,
  user_id uuid,
  api_key_id uuid,
  purpose text NOT NULL,
  model text NOT NULL,
  run_id uuid,
  day date NOT NULL,
  amount bigint NOT NULL,
  price json,
  input_tokens integer NOT NULL DEFAULT 0,
  cached_input_tokens integer NOT NULL DEFAULT 0,
  output_tokens integer NOT NULL DEFAULT 0,
  estimated boolean NOT NULL DEFAULT false,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (call_id, kind)
);
CREATE INDEX ledger_entry_settled ON platform.ledger_entry (tenant_id, day) WHERE kind = 'settle';

CREATE TABLE platform.budget (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES platform.tenant (id) ON DELETE CASCADE,
  scope text NOT NULL CHECK (scope IN ('tenant', 'user', 'key')),
  -- Null: the tenant itself, or each of its users or keys that has no budget of its own.
  subject_id uuid,
  period text NOT NULL CHECK (period IN ('day', 'month')),
  amount bigint NOT NULL CHECK (amount >= 0),
  hard boolean NOT NULL,
  set_by text NOT NULL CHECK (set_by IN ('tenant', 'operator')),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  CHECK (scope <> 'tenant' OR subject_id IS NULL),
  CHECK (set_by = 'tenant' OR (scope = 'tenant' AND hard))
);
CREATE UNIQUE INDEX budget_one_each ON platform.budget
  (tenant_id, scope, coalesce(subject_id, '00000000-0000-0000-0000-000000000000'), period, hard, set_by);

-- What somebody was told: each share of each budget once a period, whichever replica saw it first.
CREATE TABLE platform.budget_alert (
  tenant_id uuid NOT NULL,
  scope text NOT NULL,
  subject_id uuid NOT NULL,
  period text NOT NULL,
  period_start date NOT NULL,
  amount bigint NOT NULL,
  hard boolean NOT NULL,
  percent integer NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, scope, subject_id, period, period_start, amount, hard, percent)
);

-- migrate: down
DROP TABLE platform.budget_alert;
DROP TABLE platform.budget;
DROP TABLE platform.ledger_entry;
DROP TABLE platform.ledger_reservation;
DROP TABLE platform.ledger_account;
