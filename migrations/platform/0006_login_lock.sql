-- migrate: up
CREATE TABLE platform.login_failure (
  subject text PRIMARY KEY,
  failures integer NOT NULL,
  locked_until timestamptz(3),
  expires_at timestamptz(3) NOT NULL
);
CREATE INDEX login_failure_expiry ON platform.login_failure (expires_at);

-- migrate: down
DROP TABLE platform.login_failure;
