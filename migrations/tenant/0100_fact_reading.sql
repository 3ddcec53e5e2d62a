-- migrate: up
-- Messages that a model is still to read facts from. A row goes when its message was read, or with it.
CREATE TABLE memory_fact_reading (
  memory_number bigint PRIMARY KEY REFERENCES memory (number) ON DELETE CASCADE,
  -- Answers of the model that were no good.
  attempts smallint NOT NULL DEFAULT 0,
  -- A reader that is alive has it until then.
  claimed_until timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

-- migrate: down
DROP TABLE memory_fact_reading;
