-- migrate: up
-- A file that belongs to one session, and until its message is sent to nobody but its owner. No search finds it.
CREATE TABLE attachment (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL,
  -- Null until a message carries it.
  session_id uuid REFERENCES session (id) ON DELETE CASCADE,
  name text NOT NULL,
  content_type text NOT NULL,
  size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
  status text NOT NULL CHECK (status IN ('expected', 'ready')),
  -- Why its text could not be read.
  fault jsonb,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX attachment_session ON attachment (session_id);
CREATE INDEX attachment_unused ON attachment (created_at) WHERE session_id IS NULL;

CREATE TABLE attachment_file (
  attachment_id uuid NOT NULL REFERENCES attachment (id) ON DELETE CASCADE,
  part integer NOT NULL CHECK (part >= 0),
  bytes bytea NOT NULL,
  PRIMARY KEY (attachment_id, part)
);
ALTER TABLE attachment_file ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE TABLE attachment_chunk (
  id uuid PRIMARY KEY,
  attachment_id uuid NOT NULL REFERENCES attachment (id) ON DELETE CASCADE,
  index integer NOT NULL CHECK (index >= 0),
  start_offset integer NOT NULL CHECK (start_offset >= 0),
  heading_path text[] NOT NULL,
  page integer,
  text text NOT NULL,
  UNIQUE (attachment_id, index)
);

-- migrate: down
DROP TABLE attachment_chunk;
DROP TABLE attachment_file;
DROP TABLE attachment;
