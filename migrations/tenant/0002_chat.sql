-- migrate: up
CREATE TABLE session (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL,
  title text,
  metadata jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX session_user_updated ON session (user_id, updated_at DESC, id DESC);

CREATE TABLE run (
  id uuid PRIMARY KEY,
  session_id uuid NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  user_id uuid NOT NULL,
  message_id uuid NOT NULL,
  status text NOT NULL CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
  model text NOT NULL,
  request json NOT NULL,
  attempt integer NOT NULL DEFAULT 0,
  lease_owner uuid,
  cancel_requested_at timestamptz(3),
  last_seq integer NOT NULL DEFAULT 0,
  usage jsonb,
  error jsonb,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  started_at timestamptz(3),
  ended_at timestamptz(3)
) WITH (fillfactor = 70);
CREATE INDEX run_session ON run (session_id, created_at);
CREATE UNIQUE INDEX run_one_unfinished ON run (session_id) WHERE status IN ('queued', 'running');
CREATE INDEX run_unfinished ON run (lease_owner) WHERE status IN ('queued', 'running');

CREATE TABLE run_event (
  run_id uuid NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  first_seq integer NOT NULL CHECK (first_seq > 0),
  last_seq integer NOT NULL CHECK (last_seq >= first_seq),
  events json NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (run_id, first_seq)
);

CREATE TABLE message (
  id uuid PRIMARY KEY,
  session_id uuid NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  run_id uuid REFERENCES run (id) ON DELETE SET NULL,
  role text NOT NULL CHECK (role IN ('user', 'assistant', 'system', 'tool')),
  parts json NOT NULL,
  status text NOT NULL CHECK (status IN ('complete', 'incomplete')),
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX message_session_created ON message (session_id, created_at, id);
CREATE INDEX message_run ON message (run_id);

-- migrate: down
DROP TABLE message;
DROP TABLE run_event;
DROP TABLE run;
DROP TABLE session;
