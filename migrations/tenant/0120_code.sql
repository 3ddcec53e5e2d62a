-- migrate: up
-- Code bases under analysis. A token is among the tenant's secrets, sealed.
CREATE TABLE repository (
  id uuid PRIMARY KEY,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
  description text CHECK (length(description) <= 2000),
  kind text NOT NULL CHECK (kind IN ('git', 'archive', 'local')),
  -- The address, the path, or the name of the file.
  location text NOT NULL CHECK (length(location) <= 2000),
  branch text CHECK (length(branch) <= 255),
  has_token boolean NOT NULL DEFAULT false,
  -- An archive on its way is seen by nobody.
  status text NOT NULL CHECK (status IN ('receiving', 'ready')),
  -- Of the archive.
  size_bytes bigint NOT NULL DEFAULT 0,
  created_by uuid,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX repository_created ON repository (created_at DESC, id DESC);

-- An uploaded archive, in parts of at most 1 MiB.
CREATE TABLE repository_file (
  repository_id uuid NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
  part integer NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (repository_id, part)
);

CREATE TABLE analysis (
  id uuid PRIMARY KEY,
  repository_id uuid NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
  status text NOT NULL CHECK (status IN ('pending', 'running', 'completed', 'failed', 'cancelled')),
  progress real NOT NULL DEFAULT 0 CHECK (progress >= 0 AND progress <= 1),
  -- Counts every try; what an older one writes is refused.
  attempt integer NOT NULL DEFAULT 0,
  error jsonb,
  commit_id text,
  engine text,
  file_count integer NOT NULL DEFAULT 0,
  finding_count integer NOT NULL DEFAULT 0,
  scores jsonb NOT NULL DEFAULT '[]',
  -- Everything but the findings.
  result jsonb,
  created_by uuid,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  started_at timestamptz(3),
  completed_at timestamptz(3)
);
CREATE INDEX analysis_created ON analysis (created_at DESC, id DESC);
CREATE INDEX analysis_of_repository ON analysis (repository_id, created_at DESC, id DESC);
-- One at a time.
CREATE UNIQUE INDEX analysis_unfinished ON analysis (repository_id) WHERE status IN ('pending', 'running');

CREATE TABLE finding (
  id uuid PRIMARY KEY,
  analysis_id uuid NOT NULL REFERENCES analysis (id) ON DELETE CASCADE,
  -- In order: the worst first.
  number integer NOT NULL,
  fingerprint text NOT NULL CHECK (length(fingerprint) <= 100),
  rule text NOT NULL,
  severity text NOT NULL CHECK (severity IN ('critical', 'high', 'medium', 'low')),
  category text NOT NULL,
  path text,
  line integer,
  message text NOT NULL,
  evidence text NOT NULL,
  fix text NOT NULL,
  verify text,
  CONSTRAINT finding_number UNIQUE (analysis_id, number)
);
CREATE INDEX finding_fingerprint ON finding (analysis_id, fingerprint);

-- What people say of findings: it stays from analysis to analysis.
CREATE TABLE triage (
  repository_id uuid NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
  fingerprint text NOT NULL,
  status text NOT NULL CHECK (status IN ('open', 'false_positive', 'accepted', 'resolved')),
  note text CHECK (length(note) <= 2000),
  updated_by uuid,
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (repository_id, fingerprint)
);

-- migrate: down
DROP TABLE triage;
DROP TABLE finding;
DROP TABLE analysis;
DROP TABLE repository_file;
DROP TABLE repository;
