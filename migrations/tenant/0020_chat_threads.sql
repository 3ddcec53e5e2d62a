-- migrate: up
-- The dialect that made the session, where that one counts its sessions.
ALTER TABLE session ADD COLUMN origin text;
-- Ids rise with the time of creation: lists in the order in which sessions were begun.
CREATE INDEX session_user_begun ON session (user_id, id) WHERE expires_at IS NULL;

-- What a user thinks of a message; the last word counts.
CREATE TABLE feedback (
  message_id uuid NOT NULL REFERENCES message (id) ON DELETE CASCADE,
  user_id uuid NOT NULL,
  session_id uuid NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  rating text NOT NULL CHECK (rating IN ('positive', 'negative')),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (message_id, user_id)
);
CREATE INDEX feedback_session ON feedback (session_id);
CREATE INDEX feedback_updated ON feedback (updated_at DESC, message_id DESC);

-- migrate: down
DROP TABLE feedback;
DROP INDEX session_user_begun;
ALTER TABLE session DROP COLUMN origin;
