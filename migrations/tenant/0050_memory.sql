-- migrate: up
-- Whose memories they are: a user's own, those of an end user (subject) that a user's program speaks for, or the whole
-- tenant's (no user). Every search is within one or two of them, and so are its statistics.
CREATE TABLE memory_space (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id uuid,
  subject text NOT NULL DEFAULT '',
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT memory_space_owner UNIQUE NULLS NOT DISTINCT (user_id, subject)
);

CREATE TABLE memory (
  -- Rising, for the inverted index; each version of a memory has its own.
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- The current version keeps the id; an older one gets a new id and says in `superseded_by` whose it was.
  id uuid NOT NULL UNIQUE,
  space_id bigint NOT NULL REFERENCES memory_space (id),
  created_by uuid NOT NULL,
  -- A session of ours and its message, or the conversation of another program; all null for a loose note.
  session_id uuid,
  message_id uuid,
  conversation_id text,
  role text NOT NULL CHECK (role IN ('user', 'assistant', 'system')),
  content text NOT NULL,
  content_hash bytea NOT NULL,
  -- What makes two writes the same memory: SHA-256 of space, conversation, role, content and, where given, time.
  identity_hash bytea,
  metadata jsonb NOT NULL DEFAULT '{}',
  importance double precision NOT NULL CHECK (importance >= 0 AND importance <= 1),
  importance_override double precision CHECK (importance_override >= 0 AND importance_override <= 1),
  -- Greeting, boilerplate or nothing but recalled text: kept because it was asked for, never put before a model.
  noise text,
  language text NOT NULL,
  word_count integer NOT NULL CHECK (word_count >= 0),
  -- What stands in `memory_posting` for this memory, so that it can be taken out again to the last row.
  lexemes text[] NOT NULL,
  embedding_status text NOT NULL DEFAULT 'pending' CHECK (embedding_status IN ('pending', 'completed', 'failed')),
  -- The embedder whose vector it has; null before.
  embedder text,
  embedding_attempts smallint NOT NULL DEFAULT 0,
  embedding_error jsonb,
  archived boolean NOT NULL DEFAULT false,
  archived_at timestamptz(3),
  archive_reason text,
  -- When it was said, and when we learned of it.
  created_at timestamptz(3) NOT NULL,
  remembered_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  -- A correction ends a version and begins the next.
  valid_from timestamptz(3) NOT NULL,
  valid_to timestamptz(3),
  superseded_by uuid,
  version integer NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX memory_identity ON memory (identity_hash) WHERE identity_hash IS NOT NULL;
CREATE UNIQUE INDEX memory_message ON memory (message_id) WHERE message_id IS NOT NULL AND superseded_by IS NULL;
CREATE INDEX memory_created_at ON memory (created_at);
CREATE INDEX memory_archived ON memory (archived) WHERE archived;
-- A tenant is a schema: this is what tenant and archived would be in one table of all tenants.
CREATE INDEX memory_archived_created ON memory (archived, created_at, number);
CREATE INDEX memory_space_created ON memory (space_id, created_at DESC, number DESC);
CREATE INDEX memory_conversation ON memory (space_id, conversation_id, created_at, number) WHERE conversation_id IS NOT NULL;
CREATE INDEX memory_session ON memory (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX memory_versions ON memory (superseded_by) WHERE superseded_by IS NOT NULL;
CREATE INDEX memory_unembedded ON memory (embedding_status, number) WHERE embedding_status <> 'completed';
CREATE INDEX memory_content_hash ON memory (content_hash);

-- The inverted index, as documents have it, by space: nobody's words weigh in another's search.
CREATE TABLE memory_posting (
  space_id bigint NOT NULL,
  memory_number bigint NOT NULL,
  word_count integer NOT NULL,
  frequency smallint NOT NULL,
  lexeme text COLLATE "C" NOT NULL,
  PRIMARY KEY (space_id, lexeme, memory_number) INCLUDE (frequency, word_count)
);

-- What is in `memory_posting`, as changes to add up, so that no two writers of a space wait for each other.
CREATE TABLE memory_corpus_change (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  space_id bigint NOT NULL,
  language text NOT NULL,
  memory_count integer NOT NULL,
  word_count bigint NOT NULL
);
CREATE INDEX memory_corpus_change_space ON memory_corpus_change (space_id);

-- By content and embedder: the same words are embedded once, and a second embedder builds beside the first.
CREATE TABLE memory_embedding (
  embedder text NOT NULL,
  content_hash bytea NOT NULL,
  vector vector NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (embedder, content_hash)
);
CREATE INDEX memory_embedding_content ON memory_embedding (content_hash);

-- What memories say, one statement each. A later one of the same subject and attribute ends the earlier.
CREATE TABLE memory_fact (
  id uuid PRIMARY KEY,
  space_id bigint NOT NULL REFERENCES memory_space (id),
  subject text NOT NULL,
  attribute text NOT NULL,
  value text NOT NULL,
  -- The value as it is compared: folded.
  value_key text NOT NULL,
  -- Whether there is but one at a time, as of a home; of likes there are many.
  is_single boolean NOT NULL,
  valid_from timestamptz(3) NOT NULL,
  valid_to timestamptz(3),
  superseded_by uuid,
  -- How we know: a rule, a model, or a person who wrote it down.
  origin text NOT NULL CHECK (origin IN ('rule', 'model', 'person')),
  -- The version of the memory that says so, and where; null where a person wrote the fact itself.
  memory_number bigint,
  quote text,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX memory_fact_current_single ON memory_fact (space_id, subject, attribute)
  WHERE valid_to IS NULL AND is_single;
CREATE UNIQUE INDEX memory_fact_current_value ON memory_fact (space_id, subject, attribute, value_key)
  WHERE valid_to IS NULL;
CREATE INDEX memory_fact_space ON memory_fact (space_id, subject, attribute, valid_from);
CREATE INDEX memory_fact_memory ON memory_fact (memory_number) WHERE memory_number IS NOT NULL;

-- A run that has ended is the order to remember it; a job is only the call to look. Temporary sessions are passed over.
ALTER TABLE run ADD COLUMN remembered_at timestamptz(3);
CREATE INDEX run_unremembered ON run (ended_at) WHERE remembered_at IS NULL AND ended_at IS NOT NULL;

-- migrate: down
DROP INDEX run_unremembered;
ALTER TABLE run DROP COLUMN remembered_at;
DROP TABLE memory_fact;
DROP TABLE memory_embedding;
DROP TABLE memory_corpus_change;
DROP TABLE memory_posting;
DROP TABLE memory;
DROP TABLE memory_space;
