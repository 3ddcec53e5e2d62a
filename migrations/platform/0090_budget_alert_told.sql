-- migrate: up
-- When the tenant's admins were told. What was noted before there was anybody to tell stays as it is.
ALTER TABLE platform.budget_alert ADD COLUMN told_at timestamptz(3);
UPDATE platform.budget_alert SET told_at = created_at;
CREATE INDEX budget_alert_untold ON platform.budget_alert (created_at) WHERE told_at IS NULL;

-- migrate: down
DROP INDEX platform.budget_alert_untold;
ALTER TABLE platform.budget_alert DROP COLUMN told_at;
