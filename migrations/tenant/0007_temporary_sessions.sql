-- migrate: up
-- Set: the session was made for one answer, is in no list, and is deleted after this time.
ALTER TABLE session ADD COLUMN expires_at timestamptz(3);
CREATE INDEX session_expires ON session (expires_at) WHERE expires_at IS NOT NULL;
-- A program that asks through a dialect leaves many temporary sessions behind: a list must not walk over them.
DROP INDEX session_user_updated;
CREATE INDEX session_user_updated ON session (user_id, updated_at DESC, id DESC) WHERE expires_at IS NULL;

-- migrate: down
DROP INDEX session_user_updated;
CREATE INDEX session_user_updated ON session (user_id, updated_at DESC, id DESC);
DROP INDEX session_expires;
ALTER TABLE session DROP COLUMN expires_at;
