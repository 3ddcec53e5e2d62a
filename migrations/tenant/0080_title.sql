-- migrate: up
-- True while a session's title is made from its first question: a better one may take its place, as none may of a title
-- that somebody gave.
ALTER TABLE session ADD COLUMN title_made boolean NOT NULL DEFAULT false;

-- migrate: down
ALTER TABLE session DROP COLUMN title_made;
