-- migrate: up
-- Messages of a session are a tree: several with one parent are the same place said in several ways. One branch is the
-- current one: whatever reads a session reads `is_current`, by time, as before. `parent_id` points into the same session
-- and is no foreign key: deleting messages must neither wait for the links of others nor make roots of them.
ALTER TABLE message ADD COLUMN parent_id uuid;
ALTER TABLE message ADD COLUMN is_current boolean NOT NULL DEFAULT true;
-- The message that a run answers.
ALTER TABLE run ADD COLUMN parent_id uuid;

-- Until now every session was one line.
UPDATE message SET parent_id = line.before
FROM (SELECT id, lag(id) OVER (PARTITION BY session_id ORDER BY created_at, id) AS before FROM message) AS line
WHERE line.id = message.id AND line.before IS NOT NULL;
UPDATE run SET parent_id = asked.id
FROM (
  SELECT DISTINCT ON (run.id) run.id AS run_id, message.id
  FROM run JOIN message ON message.run_id = run.id AND message.id <> run.message_id
  ORDER BY run.id, message.created_at DESC, message.id DESC
) AS asked
WHERE asked.run_id = run.id;
CREATE INDEX message_siblings ON message (session_id, parent_id);

-- migrate: down
-- Without branches a session is what its current one says.
DELETE FROM message WHERE NOT is_current;
DROP INDEX message_siblings;
ALTER TABLE run DROP COLUMN parent_id;
ALTER TABLE message DROP COLUMN is_current;
ALTER TABLE message DROP COLUMN parent_id;
