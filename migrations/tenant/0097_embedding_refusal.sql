-- migrate: up
-- Texts that an embedder does not take: they are found by their words, and hold nothing up.
CREATE TABLE embedding_refusal (
  area text NOT NULL,
  embedder text NOT NULL,
  content_hash bytea NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (area, embedder, content_hash)
);

-- migrate: down
DROP TABLE embedding_refusal;
