-- migrate: up
ALTER TABLE platform.one_time_token DROP CONSTRAINT one_time_token_purpose_check;
ALTER TABLE platform.one_time_token ADD CONSTRAINT one_time_token_purpose_check
  CHECK (purpose IN ('verify-email', 'change-email', 'reset-password', 'second-factor'));

-- migrate: down
DELETE FROM platform.one_time_token WHERE purpose = 'change-email';
ALTER TABLE platform.one_time_token DROP CONSTRAINT one_time_token_purpose_check;
ALTER TABLE platform.one_time_token ADD CONSTRAINT one_time_token_purpose_check
  CHECK (purpose IN ('verify-email', 'reset-password', 'second-factor'));
