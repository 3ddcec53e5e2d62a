-- migrate: up
CREATE TABLE repeatable_request (
  subject text NOT NULL,
  key text NOT NULL,
  fingerprint text NOT NULL,
  claim_id uuid NOT NULL,
  claimed_until timestamptz(3) NOT NULL,
  answer bytea,
  expires_at timestamptz(3) NOT NULL,
  PRIMARY KEY (subject, key)
);
CREATE INDEX repeatable_request_expiry ON repeatable_request (expires_at);

-- migrate: down
DROP TABLE repeatable_request;
