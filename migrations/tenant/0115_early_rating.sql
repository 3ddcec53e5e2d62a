-- migrate: up
-- What a user thinks of an answer that is under way, whose message is not there yet.
ALTER TABLE run ADD COLUMN early_rating text, ADD COLUMN early_rated_at timestamptz(3);

-- migrate: down
ALTER TABLE run DROP COLUMN early_rating, DROP COLUMN early_rated_at;
