-- migrate: up
-- Some dialects make a session's id of a name, so that ids do not tell when sessions were begun.
CREATE INDEX CONCURRENTLY session_begun ON session (user_id, created_at, id) WHERE expires_at IS NULL;
DROP INDEX CONCURRENTLY session_user_begun;

-- migrate: down
CREATE INDEX session_user_begun ON session (user_id, id) WHERE expires_at IS NULL;
DROP INDEX session_begun;
