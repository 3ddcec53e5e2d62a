-- migrate: up
-- Which embedder's vectors a tenant's searches use, where that is not the first one that is configured.
CREATE TABLE platform.embedding_index (
  tenant_id uuid NOT NULL REFERENCES platform.tenant (id) ON DELETE CASCADE,
  area text NOT NULL CHECK (area IN ('documents', 'memory')),
  serving text NOT NULL,
  previous text,
  -- Chosen by a person: nothing switches by itself any more.
  pinned boolean NOT NULL,
  switched_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, area)
);

-- How it goes with the vectors of one embedder. What is missing is counted, not kept.
CREATE TABLE platform.embedding_backfill (
  tenant_id uuid NOT NULL REFERENCES platform.tenant (id) ON DELETE CASCADE,
  area text NOT NULL CHECK (area IN ('documents', 'memory')),
  embedder text NOT NULL,
  -- In a row, without a vector in between.
  faults integer NOT NULL DEFAULT 0,
  error jsonb,
  completed_at timestamptz(3),
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, area, embedder)
);

-- migrate: down
DROP TABLE platform.embedding_backfill;
DROP TABLE platform.embedding_index;
