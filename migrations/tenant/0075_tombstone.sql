-- migrate: up
-- What was deleted, by id: it is applied again after a backup from before was restored. `journaled_at` tells that it also
-- stands outside of this database.
CREATE TABLE tombstone (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  ids text[] NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  journaled_at timestamptz(3)
);
CREATE INDEX tombstone_unjournaled ON tombstone (created_at) WHERE journaled_at IS NULL;

-- migrate: down
DROP TABLE tombstone;
