-- migrate: up
ALTER TABLE run ADD COLUMN lost_workers integer NOT NULL DEFAULT 0;

-- migrate: down
ALTER TABLE run DROP COLUMN lost_workers;
