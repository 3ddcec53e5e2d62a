-- migrate: up
-- What somebody asked to be forgotten, and its receipt.
CREATE TABLE forgetting (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  target text NOT NULL,
  requested_by uuid,
  status text NOT NULL CHECK (status IN ('running', 'completed')),
  -- Counts by kind of row: what was there when it began, and what is gone of it.
  planned jsonb NOT NULL,
  done jsonb NOT NULL DEFAULT '{}',
  -- Memories that went with it, which events of other runs may still quote; emptied at the end.
  memory_ids text[] NOT NULL DEFAULT '{}',
  receipt jsonb,
  signature text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  ended_at timestamptz(3)
);
CREATE INDEX forgetting_running ON forgetting (created_at, id) WHERE status = 'running';
CREATE INDEX forgetting_requested ON forgetting (requested_by, id DESC);

-- migrate: down
DROP TABLE forgetting;
