-- migrate: up
ALTER TABLE run DROP CONSTRAINT run_status_check;
ALTER TABLE run ADD CONSTRAINT run_status_check
  CHECK (status IN ('queued', 'running', 'waiting', 'completed', 'failed', 'cancelled'));
ALTER TABLE run ADD COLUMN waiting_for json;
ALTER TABLE run ADD COLUMN wait_until timestamptz(3);
DROP INDEX run_one_unfinished;
CREATE UNIQUE INDEX run_one_unfinished ON run (session_id) WHERE status IN ('queued', 'running', 'waiting');

CREATE TABLE run_tool_answer (
  run_id uuid NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  tool_call_id text NOT NULL,
  answer json NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (run_id, tool_call_id)
);

-- migrate: down
DROP TABLE run_tool_answer;
DROP INDEX run_one_unfinished;
UPDATE run SET status = 'cancelled', ended_at = now() WHERE status = 'waiting';
CREATE UNIQUE INDEX run_one_unfinished ON run (session_id) WHERE status IN ('queued', 'running');
ALTER TABLE run DROP COLUMN wait_until;
ALTER TABLE run DROP COLUMN waiting_for;
ALTER TABLE run DROP CONSTRAINT run_status_check;
ALTER TABLE run ADD CONSTRAINT run_status_check
  CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled'));
