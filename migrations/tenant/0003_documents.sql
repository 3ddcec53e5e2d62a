-- migrate: up
CREATE TABLE source (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('folder')),
  name text NOT NULL,
  location text NOT NULL,
  created_by uuid,
  synchronized_at timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT source_location_unique UNIQUE (kind, location)
);

CREATE TABLE document (
  id uuid PRIMARY KEY,
  source_id uuid REFERENCES source (id),
  -- Where in its source; null for uploads.
  path text,
  title text NOT NULL,
  filename text,
  content_type text NOT NULL,
  size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
  content_hash text NOT NULL,
  language text,
  status text NOT NULL CHECK (status IN ('receiving', 'queued', 'processing', 'ready', 'failed', 'deleting')),
  progress real NOT NULL DEFAULT 0 CHECK (progress >= 0 AND progress <= 1),
  error jsonb,
  warnings jsonb NOT NULL DEFAULT '[]',
  -- Every try at the document, ever; and those since somebody asked for it.
  attempt integer NOT NULL DEFAULT 0,
  tries integer NOT NULL DEFAULT 0,
  -- The older version, which goes in the moment that this one is ready.
  replaces uuid,
  chunk_count integer NOT NULL DEFAULT 0,
  page_count integer,
  text_length integer,
  -- All its chunks have numbers in this range; others may have numbers in it, too.
  first_chunk bigint,
  last_chunk bigint,
  metadata jsonb NOT NULL DEFAULT '{}',
  created_by uuid,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX document_created ON document (created_at DESC, id DESC);
CREATE INDEX document_source_path ON document (source_id, path);
CREATE INDEX document_unready ON document (status, created_at DESC, id DESC) WHERE status <> 'ready';
CREATE INDEX document_metadata ON document USING gin (metadata jsonb_path_ops);

-- The original, in parts of at most 1 MiB, so that neither an upload nor a download holds all of it in memory.
CREATE TABLE document_file (
  document_id uuid NOT NULL REFERENCES document (id) ON DELETE CASCADE,
  part integer NOT NULL CHECK (part >= 0),
  bytes bytea NOT NULL,
  PRIMARY KEY (document_id, part)
);
-- Most originals are compressed already.
ALTER TABLE document_file ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- The extracted text, in stretches, so that a passage can be read without the whole.
CREATE TABLE document_text (
  document_id uuid NOT NULL REFERENCES document (id) ON DELETE CASCADE,
  start_offset integer NOT NULL CHECK (start_offset >= 0),
  text text NOT NULL,
  PRIMARY KEY (document_id, start_offset)
);

CREATE TABLE chunk (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL UNIQUE,
  document_id uuid NOT NULL REFERENCES document (id),
  index integer NOT NULL CHECK (index >= 0),
  start_offset integer NOT NULL CHECK (start_offset >= 0),
  end_offset integer NOT NULL CHECK (end_offset >= start_offset),
  heading_path text[] NOT NULL,
  page_start integer,
  page_end integer,
  text text NOT NULL,
  content_hash bytea NOT NULL,
  word_count integer NOT NULL CHECK (word_count >= 0),
  UNIQUE (document_id, index)
);
CREATE INDEX chunk_content_hash ON chunk (content_hash);

-- The inverted index for BM25. Scoring reads nothing but the primary key, which therefore carries all it needs.
CREATE TABLE posting (
  chunk_number bigint NOT NULL,
  word_count integer NOT NULL,
  frequency smallint NOT NULL,
  lexeme text COLLATE "C" NOT NULL,
  PRIMARY KEY (lexeme, chunk_number) INCLUDE (frequency, word_count)
);
CREATE INDEX posting_chunk ON posting (chunk_number);

-- What is in `posting`, as changes to add up: a row for each batch, so that no two ingestions wait for each other.
CREATE TABLE corpus_change (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  language text NOT NULL,
  chunk_count integer NOT NULL,
  word_count bigint NOT NULL
);

-- By content, not by chunk: what was embedded once is not embedded again, whichever document it comes back in.
CREATE TABLE embedding (
  embedder text NOT NULL,
  content_hash bytea NOT NULL,
  vector vector NOT NULL,
  PRIMARY KEY (embedder, content_hash)
);

-- migrate: down
DROP TABLE embedding;
DROP TABLE corpus_change;
DROP TABLE posting;
DROP TABLE chunk;
DROP TABLE document_text;
DROP TABLE document_file;
DROP TABLE document;
DROP TABLE source;
