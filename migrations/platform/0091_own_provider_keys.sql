-- migrate: up
-- Calls with a provider's key of the tenant's own: the tenant pays for them, so that they count for the budgets that it has
-- set for itself, and not for what the operator or the installation gives.
ALTER TABLE platform.ledger_account
  ADD COLUMN day_own_spent bigint NOT NULL DEFAULT 0,
  ADD COLUMN day_own_reserved bigint NOT NULL DEFAULT 0,
  ADD COLUMN month_own_spent bigint NOT NULL DEFAULT 0,
  ADD COLUMN month_own_reserved bigint NOT NULL DEFAULT 0;
ALTER TABLE platform.ledger_reservation ADD COLUMN own_key boolean NOT NULL DEFAULT false;
ALTER TABLE platform.ledger_entry ADD COLUMN own_key boolean NOT NULL DEFAULT false;

-- migrate: down
ALTER TABLE platform.ledger_entry DROP COLUMN own_key;
ALTER TABLE platform.ledger_reservation DROP COLUMN own_key;
ALTER TABLE platform.ledger_account
  DROP COLUMN day_own_spent, DROP COLUMN day_own_reserved, DROP COLUMN month_own_spent, DROP COLUMN month_own_reserved;
