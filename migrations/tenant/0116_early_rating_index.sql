-- migrate: up
CREATE INDEX CONCURRENTLY run_early_rating ON run (id) WHERE early_rating IS NOT NULL;

-- migrate: down
DROP INDEX run_early_rating;
