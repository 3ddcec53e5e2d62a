/**
 * What shows that requirements of the four predecessors are met. `items` are ids and ranges, such as `S0-4..S0-7`. A row has
 * either something that shows it or, honestly, what is missing:
 * - `tests`: `file > part of the title`; both must exist.
 * - `files`: documents or configuration in this repository, with `#heading` where one part is meant.
 * - `operator`: what only whoever runs Parley can do; the files help with it.
 * - `missing`: not there yet, or not to be shown on a machine of the tests, and why.
 */
export type Evidence = {
  items: readonly string[];
  about: string;
  tests?: readonly string[];
  files?: readonly string[];
  operator?: string;
  missing?: string;
  /** A file with a test for each of the items, which has the item's own words for its title. */
  namedIn?: string;
};

const LIMITS = [
  'src/app/rate-limits.test.ts > without any setting, an address has 200 requests a minute',
  'src/app/rate-limits.test.ts > a refusal is a problem document that says when to come back',
  'src/platform/limits/limiter.test.ts > two processes share their counts, exactly',
];
const CHATKIT_LIMIT = [
  'test/acceptance/chatkit-rest.test.ts > test_rate_limit_returns_429_when_exceeded',
  'test/acceptance/chatkit-rest.test.ts > test_rate_limiter_configured_on_app',
];
const CORS = [
  'src/app/cross-origin.test.ts > a preflight of an allowed origin is answered, a foreign one gets no leave',
  'src/app/config.test.ts > ALLOWED_ORIGINS',
];
const BREAKERS = [
  'src/platform/resilience/circuit-breaker.test.ts > opens at the third failure in a row',
  'src/platform/resilience/outside.test.ts > ends when its time is over',
];
const RETRIES = [
  'src/platform/resilience/retrying.test.ts > waits longer each time',
  'src/ai/resilience/resilience.test.ts > asks an embedder again',
];
const TIMEOUTS = [
  'src/platform/http/request-lifetime.test.ts > is ended as a problem, and its work is told',
  'src/platform/database/statement-timeout.test.ts > a statement that takes too long is ended',
  'src/platform/http/slow-clients.test.ts > a hundred clients that trickle headers or bodies are cut',
];
const WALLS = [
  'test/leak-matrix.test.ts > has 0 leaks: everybody gets what is theirs, and nobody anything else',
  'test/tenant-walls.test.ts > are around every table of the platform, of the queue and of every other tenant',
  'src/features/tenancy/tenancy.service.test.ts > each tenant sees its own rows and no others',
];
const HEALTH = [
  'src/app/rate-limits.test.ts > Redis killed under load: no error, no open gate; health says so',
  'test/acceptance/newcomer.test.ts > starts it with npm start',
  'src/features/operations/health.test.ts > of services outside follows their circuits',
];
const MIGRATIONS = [
  'src/platform/database/migrations/migrator.test.ts > two processes at once apply each migration once',
  'src/platform/database/migrations/migration.test.ts > readable, and each can be taken back',
  'test/acceptance/command-line.test.ts > status and up say what is there, schema by schema',
];
const TELEMETRY = 'test/acceptance/telemetry.test.ts';
const SETTINGS = [
  'src/app/config.test.ts > come all at once, each with its setting and its fix',
  'src/app/config.test.ts > production refuses DEBUG',
];
const SECRET_FILES = [
  'src/app/secret-sources/secret-sources.test.ts > is read without the line break at its end',
  'src/app/secret-sources/secret-sources.test.ts > vault://secret/data/parley#secret_key',
  'src/app/secret-sources/secret-sources.test.ts > aws-secrets-manager://prod/parley#secret_key',
];
const COMPOSE = [
  'test/deploy/compose.test.ts > has no secret, and no default for one',
  'test/deploy/compose.test.ts > takes every secret from a file, none from the environment of a container',
];
const KUBERNETES = [
  'test/deploy/kubernetes.test.ts > are what Kubernetes takes',
  'test/deploy/kubernetes.test.ts > run as nobody, write nothing, may nothing',
];
const REFERENCE = [
  'test/acceptance/reference.test.ts > says of every operation what it does and how it fails',
  'test/acceptance/reference.test.ts > gives an example of every JSON body of our own API',
];
const PIPELINE = ['test/deploy/workflows.test.ts > one of them runs what this project’s own CI runs'];
const LOGS = ['src/platform/telemetry/log.test.ts > what is no secret stays'];
const OPERATING = 'docs/product/08-running-and-operating.md';

export const evidence: readonly Evidence[] = [
  // Limits
  {
    about: 'rate limits by address, user and tenant, shared by all servers',
    items: [
      'S0-4..S0-7',
      'S0-9',
      'S0-28',
      'S0-39',
      'S1-9',
      'S1-25',
      'S1-27',
      'S1-105',
      'S2-4',
      'S2-5',
      'S2-122',
      'S2-127',
      'S2-132',
      'S3-100',
      'S3-136',
    ],
    tests: LIMITS,
  },
  {
    about: 'message creation: 100 a minute, adjustable',
    items: ['S0-8'],
    files: ['.env.example', 'src/features/memory/memory.routes.ts'],
    tests: ['src/features/memory/memory.routes.test.ts > 100 messages a minute are remembered'],
  },
  {
    about: 'the older WebSocket: 10 a minute',
    items: ['S1-26'],
    tests: ['test/acceptance/websocket.test.ts > gives a user 10 messages a minute over all connections'],
  },
  {
    about: 'ChatKit REST: 30 a minute on each of its six routes',
    items: ['S2-1..S2-3', 'S2-53', 'S2-83', 'S2-87', 'S2-111', 'S2-131', 'S2-130'],
    tests: CHATKIT_LIMIT,
  },
  {
    about: 'logins: 5 a minute, then waits that grow, then a lock',
    items: ['S3-48', 'S3-49'],
    tests: [
      'src/app/rate-limits.test.ts > of 10,000 logins at once, five of an account are tried and five of an address',
      'src/app/rate-limits.test.ts > ten failures lock an account for 15 minutes',
    ],
  },
  {
    about: 'the cost of models is bounded: budgets that hold, limits on runs',
    items: ['S1-28', 'S1-146', 'S2-6', 'S2-85', 'S2-97', 'S2-99'],
    tests: [
      'src/features/usage/ledger/ledger.test.ts > no more is admitted than there is room for',
      'src/app/money.test.ts > must have room in the budget',
    ],
    files: ['docs/product/10-money-and-budgets.md'],
  },
  // Cross-origin, headers
  {
    about: 'CORS: listed origins only, never the wildcard, credentials and methods as clients need them',
    items: [
      'S0-10..S0-14',
      'S0-29',
      'S0-40',
      'S1-1..S1-5',
      'S1-108',
      'S1-122',
      'S2-7..S2-11',
      'S2-54',
      'S2-121',
      'S3-50',
      'S3-51',
      'S3-124',
      'S3-137',
    ],
    tests: CORS,
  },
  {
    about: 'security headers',
    items: ['S3-52..S3-54', 'S3-138', 'S3-61'],
    tests: [
      'src/app/cross-origin.test.ts > carries the security headers',
      'src/app/cross-origin.test.ts > browsers are told to come with TLS only where it is asked for',
      'console/src/chat/answer-markdown.test.tsx > shows its HTML as text',
    ],
  },
  {
    about: 'trusted hosts and the redirect to https',
    items: ['S3-55', 'S3-56'],
    tests: ['src/app/trusted-hosts.test.ts > what came to a trusted proxy by TLS is served'],
  },
  // Database
  {
    about: 'pool: size, wait and checks by settings; a pooler before it',
    items: ['S0-1', 'S1-29', 'S1-32', 'S3-69', 'S3-71'],
    tests: [
      'src/app/config.test.ts > an empty environment gives every default',
      'test/acceptance/scale.test.ts > four processes share the few connections of the pooler',
    ],
    files: ['.env.example', 'src/platform/database/server-database.ts'],
  },
  {
    about: 'broken connections are found and replaced: a transaction is tried again instead of a ping before each use',
    items: ['S1-31', 'S3-72'],
    tests: ['test/acceptance/database-restart.test.ts > in mid-answer delays the answer'],
  },
  {
    about:
      'overflow of the pool: one bound instead of two, DATABASE_POOL_SIZE; what would overflow waits, then gets 503',
    items: ['S3-70'],
    tests: [
      'src/app/load-shedding.test.ts > while too many wait for the database, requests are refused, probes are not',
    ],
  },
  {
    about:
      'indexes of messages by time and archive state, made by a migration; a tenant is a schema, so none needs its id',
    items: ['S0-15..S0-19', 'S0-33', 'S1-96', 'S3-75', 'S3-97', 'S3-109'],
    files: ['migrations/tenant/0050_memory.sql'],
    tests: [
      'src/features/memory/memory.routes.test.ts > retention and recall have the indexes that they need',
      'src/features/memory/retention/retention.test.ts > what is old is found by the index of times',
    ],
  },
  {
    about: 'migrations: scoped, checked, one at a time, taken back',
    items: ['S0-32', 'S0-43', 'S1-86', 'S1-88', 'S3-8', 'S3-35', 'S3-38', 'S3-77', 'S2-60'],
    tests: [
      ...MIGRATIONS,
      'src/platform/database/schema.test.ts > agree on the tables of a tenant',
      'test/upgrade-data.test.ts > loses nothing of a',
      'test/migrations.test.ts > no migration breaks servers of the version before',
    ],
  },
  {
    about: 'how migrations go, and back',
    items: ['S1-87', 'S1-90'],
    files: ['docs/decisions/0004-migration-runner.md', 'docs/decisions/0039-migrations-beside-servers.md', OPERATING],
  },
  {
    about: 'statements are asynchronous, and ended when they take too long',
    items: ['S3-76', 'S3-96'],
    tests: ['src/platform/database/statement-timeout.test.ts > a statement that takes too long is ended'],
  },
  // Time-outs and failures
  {
    about: 'time-outs of requests, statements, slow clients',
    items: ['S0-20', 'S0-21', 'S0-34', 'S3-58'],
    tests: TIMEOUTS,
  },
  {
    about: 'failures of embedding are told',
    items: ['S0-22', 'S0-35'],
    tests: [
      'src/features/memory/recall/recall.test.ts > an outage is shown as failed, never as a made-up vector',
      'src/features/documents/ingestion/ingest-document.test.ts > an embedder that refuses makes the document fail at once',
    ],
  },
  { about: 'retries with growing waits', items: ['S0-23', 'S1-51'], tests: RETRIES },
  { about: 'circuit breakers', items: ['S0-24', 'S1-52'], tests: BREAKERS },
  {
    about: 'errors: specific, logged with context, in one form with codes, without secrets or SQL',
    items: ['S1-48..S1-50', 'S1-53', 'S1-109', 'S3-3', 'S3-4', 'S3-13', 'S3-16', 'S3-46', 'S1-82'],
    tests: [
      'src/app/reference.test.ts > every row of the table is whole and stays in its cells',
      'src/features/identity/identity.service.test.ts > errors say nothing of SQL',
      'test/acceptance/reference.test.ts > has the table of every error code',
    ],
    files: ['docs/errors.md'],
  },
  // Logs and health
  {
    about: 'structured logs with request ids, level by LOG_LEVEL, secrets taken out',
    items: ['S0-25', 'S0-36', 'S1-43..S1-46', 'S1-110', 'S1-123', 'S3-2', 'S3-47'],
    tests: [...LOGS, 'src/platform/http/server.test.ts > is in the log with the answer'],
  },
  {
    about: 'live, ready and whole health, with database, Redis and providers',
    items: [
      'S1-37..S1-42',
      'S1-112',
      'S1-134',
      'S2-59',
      'S2-82',
      'S2-94',
      'S3-63..S3-65',
      'S3-114',
      'S3-131',
      'S3-18',
      'S3-19',
      'S3-101',
      'S0-37',
      'S0-26',
    ],
    tests: HEALTH,
  },
  {
    about: 'Prometheus metrics',
    items: ['S1-75', 'S1-76', 'S1-79', 'S2-107', 'S3-62', 'S3-68', 'S3-135'],
    tests: HEALTH,
    files: ['src/platform/telemetry/metrics.ts'],
  },
  // Identity
  {
    about: 'authentication of every route and of WebSockets, before their upgrade',
    items: ['S1-6', 'S1-7', 'S1-10..S1-13', 'S1-104', 'S3-9', 'S3-11', 'S3-12'],
    tests: [
      'test/leak-matrix.test.ts > has a class for every route and every place that takes an id',
      'test/acceptance/websocket.test.ts > is asked for before the upgrade',
      'test/acceptance/websocket.test.ts > that a page sent in vain is told by 1008 Unauthorized',
      'src/features/identity/identity.routes.test.ts > an inactive account gets 403 after the right password only',
    ],
  },
  {
    about: 'nobody reads another user’s or tenant’s rows; the database itself refuses it',
    items: ['S1-8', 'S1-143', 'S1-144', 'S3-7', 'S2-89'],
    tests: WALLS,
  },
  {
    about: 'passwords: argon2id, with bcrypt hashes from elsewhere taken and replaced',
    items: ['S3-10'],
    tests: [
      'src/features/identity/password/password-hasher.test.ts > take bcrypt that comes from elsewhere',
      'src/features/identity/token/login.service.test.ts > a bcrypt hash from elsewhere is taken, and replaced at login',
    ],
  },
  {
    about: 'signing secret: made where none is given, required and strong in production, older names read',
    items: ['S1-19..S1-22', 'S2-116', 'S2-117', 'S3-119', 'S3-120'],
    tests: [
      'src/app/config.test.ts > production needs a secret',
      'src/app/config.test.ts > development needs no secret',
    ],
  },
  {
    about:
      'tokens: signed by EdDSA unless JWT_ALGORITHM says HS256; 30 minutes unless JWT_EXPIRATION_MINUTES says 1440',
    items: ['S2-118', 'S2-119'],
    tests: ['src/features/identity/signing-key/signing-key.test.ts > under another algorithm old tokens are refused'],
    files: ['.env.example'],
  },
  {
    about: 'keys that sign rotate',
    items: ['S2-124'],
    tests: ['src/features/identity/signing-key/signing-key.test.ts > a rotation signs with the next'],
    operator: 'run `parley keys rotate` monthly, from a timer',
  },
  // Secrets
  {
    about: 'no secret in files of the deployment; files, Vault or AWS Secrets Manager instead',
    items: ['S1-14..S1-18', 'S1-106', 'S1-118', 'S1-121', 'S3-60', 'S3-103', 'S3-139', 'S3-122'],
    tests: [...SECRET_FILES, ...COMPOSE],
  },
  {
    about: 'what Git leaves out',
    items: ['S1-23', 'S1-24', 'S1-107', 'S2-123'],
    files: ['.gitignore'],
  },
  // Settings
  {
    about: 'settings are validated at the start, all faults at once; safe defaults; an example that a test keeps true',
    items: [
      'S0-3',
      'S1-62..S1-67',
      'S1-117',
      'S1-124',
      'S2-58',
      'S2-67',
      'S2-77',
      'S2-114',
      'S3-20',
      'S3-59',
      'S3-84',
      'S3-121',
      'S3-145',
      'S2-120',
    ],
    tests: [...SETTINGS, 'src/app/config.test.ts > is what `parley env --example` prints'],
    files: ['.env.example', 'scripts/verify-env.sh'],
  },
  // Input
  {
    about: 'input: lengths, types, depth, size; every fault of a body at once',
    items: ['S0-2', 'S1-33..S1-36', 'S1-111', 'S3-5', 'S3-57'],
    tests: [
      'src/platform/http/request-body.test.ts > is told all its faults at once',
      'test/acceptance/chatkit-rest.test.ts > test_send_message_with_long_text_returns_400',
    ],
  },
  // Tests
  {
    about: 'unit, integration, API, WebSocket, end-to-end tests of every critical path, on both databases',
    items: ['S1-54..S1-59', 'S3-21..S3-24', 'S3-26..S3-31', 'S3-85', 'S3-102', 'S3-105', 'S2-102', 'S3-36', 'S3-37'],
    tests: [
      'test/acceptance/newcomer.test.ts > starts it with npm start',
      'src/features/documents/retrieval/retrieve.test.ts > finds the passage that answers',
      'src/features/chat/run/run-engine.test.ts > an answer is streamed in order, ends once',
      'src/features/identity/identity.routes.test.ts > login answers 200 with both tokens',
      'test/acceptance/websocket.test.ts > goes as older clients know it',
    ],
    files: ['CONTRIBUTING.md#How it is tested'],
  },
  {
    about: 'the 31 tests of ChatKit REST, by name',
    items: ['S2-16..S2-18', 'S2-55', 'S2-75', 'S2-112', 'S2-128', 'S2-81'],
    tests: ['test/acceptance/chatkit-rest.test.ts > test_create_session_with_valid_jwt_returns_200'],
  },
  {
    about: 'the test of this name',
    items: ['S2-19..S2-49'],
    namedIn: 'test/acceptance/chatkit-rest.test.ts',
  },
  {
    about: 'a server survives a thousand streams and costly requests at once',
    items: ['S0-27', 'S0-30', 'S0-38', 'S1-60', 'S2-65', 'S2-106'],
    tests: [
      'test/acceptance/open-streams.test.ts > open streams of',
      'src/app/load-shedding.test.ts > of a thousand costly requests at once, those that are accepted are answered soon',
    ],
    files: ['bench/main.ts'],
  },
  {
    about: 'speed, measured beside a bare reference',
    items: ['S1-137', 'S2-64', 'S2-88', 'S2-100', 'S2-103', 'S1-147'],
    files: ['bench/main.ts', 'bench/session-create.ts'],
  },
  {
    about:
      'coverage: at least 77 % of the lines of src/ (measured with 141 of the 240 files of unit tests; the rest adds to it); `npm run coverage` reports it and fails below 70 %, in a job of the GitHub workflow',
    items: ['S1-61', 'S1-113', 'S3-25'],
    files: ['docs/coverage.md', 'vitest.config.ts', '.github/workflows/ci.yml'],
  },
  {
    about:
      'the wrapper of OpenAI-compatible models and embedders against servers of the tests that speak their protocol, and faults in it: 100 % of its lines, statements, functions and branches, measured by `npx vitest run --project unit-pure --coverage --coverage.include=src/ai/openai-compatible/*.ts src/ai`, and the threshold of `npm run coverage`',
    items: ['S2-62'],
    tests: [
      'src/ai/openai-compatible/chat-model.test.ts > is understood',
      'src/ai/openai-compatible/chat-model-faults.test.ts > in the middle of the stream',
      'src/ai/openai-compatible/chat-chunks.test.ts > that is wrong does not take away what was known',
      'src/ai/openai-compatible/embedder.test.ts > makes nothing up from',
    ],
    files: ['docs/coverage.md', 'vitest.config.ts'],
  },
  {
    about: 'lint, format, types, and rules of security in the linter, in CI and before each change',
    items: ['S2-50..S2-52', 'S2-57', 'S2-76', 'S2-105', 'S2-115', 'S3-90..S3-92'],
    tests: ['test/architecture.test.ts > every import of src/ goes the way that ARCHITECTURE.md says'],
    files: ['biome.json', 'package.json'],
  },
  {
    about:
      'time is UTC: instants are ISO 8601 with Z or timestamptz; the deprecated call does not exist in this language',
    items: ['S2-12..S2-15', 'S2-56', 'S2-113'],
    tests: ['src/features/usage/ledger/ledger.test.ts > a day ends at midnight in UTC'],
  },
  // Architecture
  {
    about:
      'rooms and arrows instead of the three layers of the predecessor: routes, service, store; ports from outside',
    items: ['S3-1', 'S3-6', 'S3-15', 'S3-14', 'S3-41', 'S3-43', 'S3-42'],
    tests: ['test/architecture.test.ts > every import of src/ goes the way that ARCHITECTURE.md says'],
    files: ['ARCHITECTURE.md'],
  },
  {
    about: 'analysis of code repositories',
    items: ['S3-39', 'S3-40', 'S3-44', 'S3-45', 'S3-106'],
    tests: [
      'src/features/code/code.routes.test.ts > a git repository is added, analysed and analysed again; what was said of findings stays',
      'src/features/code/code.routes.test.ts > one whose worker goes is taken up again, and ends for good when that happens too often',
      'test/architecture.test.ts > every import of src/ goes the way that ARCHITECTURE.md says',
    ],
  },
  // Documents
  {
    about: 'the reference at /docs: every operation described, with errors and examples, OpenAPI 3.1',
    items: ['S1-80', 'S1-81', 'S1-83', 'S1-85', 'S3-86', 'S3-87', 'S3-144'],
    tests: REFERENCE,
  },
  {
    about: 'authentication and versions of the API, described',
    items: ['S1-84', 'S3-88', 'S3-89'],
    tests: ['test/acceptance/api-guide.test.ts > the commands of the API guide do what it says'],
    files: ['docs/api-guide.md#Getting in', 'docs/api-guide.md#Versions'],
  },
  {
    about: 'documents are kept true with each change',
    items: ['S1-138', 'S2-78', 'S2-129', 'S2-133'],
    files: ['README.md', 'CHANGELOG.md', 'docs/product/01-what-parley-is.md'],
  },
  // Deployment
  {
    about: 'the image: several stages, uid 1000, read-only, no hot reload',
    items: ['S1-68..S1-71', 'S1-114', 'S3-80'],
    files: ['deploy/Dockerfile', 'scripts/check-image.ts'],
    tests: ['test/deploy/compose.test.ts > runs four servers and a worker, read-only, within 2 processors and 2 GB'],
  },
  {
    about: 'four servers and a worker within 2 processors and 2 GB',
    items: ['S1-72..S1-74'],
    tests: [
      'test/deploy/compose.test.ts > runs four servers and a worker, read-only, within 2 processors and 2 GB',
      'test/deploy/kubernetes.test.ts > probe what the server serves, and give it 1 to 2 processors and 1 to 2 GB',
    ],
  },
  {
    about: 'compose starts all of it; parsed and checked by tests, run with podman by hand (no Docker engine here)',
    items: ['S0-41', 'S3-17', 'S3-32', 'S3-112', 'S3-118', 'S3-113'],
    tests: COMPOSE,
    files: ['compose.yaml'],
  },
  {
    about: 'the program as a newcomer starts it: registers, logs in, answers, without an error in its log',
    items: ['S3-33', 'S3-34', 'S3-99', 'S3-104', 'S3-115..S3-117', 'S1-133'],
    tests: ['test/acceptance/newcomer.test.ts > starts it with npm start'],
  },
  {
    about: 'Kubernetes, with probes, autoscaling, budgets and policies',
    items: ['S1-126', 'S1-132'],
    tests: KUBERNETES,
  },
  {
    about: 'proxies with TLS: Nginx and Caddy',
    items: ['S1-127', 'S1-128', 'S3-127'],
    tests: [
      'test/deploy/proxies.test.ts > hands on each event of a stream as it comes',
      'test/deploy/proxies.test.ts > lets a WebSocket through',
      'test/deploy/proxies.test.ts > tells the address of its client, which nobody else is believed about',
      'test/acceptance/scale.test.ts > a limit is one for both servers',
    ],
    files: ['deploy/nginx', 'deploy/caddy'],
    operator: 'certificates and names of your own',
  },
  {
    about: 'the pipeline: check, test, image, SBOM, provenance, release',
    items: ['S1-125', 'S2-66', 'S2-104', 'S2-108', 'S3-79', 'S3-110', 'S2-92'],
    tests: PIPELINE,
    operator: 'GitHub runs it; here it is parsed and linted',
  },
  {
    about: 'what only the operator of an installation can do',
    items: [
      'S0-31',
      'S0-42',
      'S0-44',
      'S1-47',
      'S1-119',
      'S1-120',
      'S1-148',
      'S2-63',
      'S2-79',
      'S2-80',
      'S2-84',
      'S2-86',
      'S2-90',
      'S2-91',
      'S2-93',
      'S2-95',
      'S2-109',
      'S2-110',
      'S2-125',
      'S2-126',
      'S3-123',
      'S3-126',
      'S3-128..S3-130',
      'S1-89',
    ],
    files: [OPERATING, '.env.example'],
    operator: 'a provider’s key, names, hosts, firewalls and staging are yours; the documents say how',
  },
  {
    about:
      'each provider is driven end to end against a server that speaks as it does; the real one needs a network and a key',
    items: ['S2-61'],
    tests: ['src/ai/providers.test.ts > is asked at its address, with its key, for the model of that name'],
    operator: 'set the key and run `parley ask`',
  },
  {
    about: 'static files of the console: hashed names, kept for a year, fit for any CDN',
    items: ['S1-95', 'S3-98'],
    files: ['src/app/console.ts'],
    operator: 'a CDN is yours',
  },
  // Caching, memory
  {
    about:
      'caches: what common searches found, in the process and in Redis; vectors by content, statistics and settings for moments, answers to repeats of a request',
    items: ['S1-91..S1-93', 'S3-95'],
    tests: [
      'src/features/documents/retrieval/search-cache.test.ts > is answered from what it found, here and through Redis',
      'src/features/documents/retrieval/search-cache.test.ts > has what came, and nothing of what is gone',
      'src/features/memory/recall/candidate-cache.test.ts > is answered from what it found, as that is now',
      'src/features/memory/recall/candidate-cache.test.ts > what was found is known for a minute, to other processes through Redis',
      'src/features/memory/recall/recall.test.ts > the same words are embedded once',
      'src/features/documents/ingestion/ingest-document.test.ts > text that was embedded once is not embedded again',
      'src/app/idempotency.test.ts > a question that is repeated leads to the same run',
    ],
  },
  {
    about: 'one connection to Redis for each purpose, which carries all commands at once',
    items: ['S1-94'],
    tests: ['src/platform/limits/limiter.test.ts > one that was never there does not keep a process from starting'],
  },
  {
    about: 'retention: a policy and rules for each tenant, a dry run that is the plan',
    items: ['S1-102'],
    tests: [
      'src/features/memory/retention/retention.test.ts > a dry run counts what the run then does, and does nothing',
    ],
    files: ['docs/decisions/0020-retention-and-forgetting.md'],
  },
  // Outage
  {
    about: 'outages: a killed server, a restarted database, a dead Redis lose no answer',
    items: ['S1-145'],
    tests: [
      'test/acceptance/kills.test.ts > kills of a server on the',
      'test/acceptance/database-restart.test.ts > in mid-answer delays the answer',
    ],
  },
  {
    about: 'OpenTelemetry: one trace from the request through run, job, model and database, over a takeover',
    items: ['S1-77'],
    tests: [
      `${TELEMETRY} > one question is one trace: request, run, retrieval, model and database`,
      `${TELEMETRY} > a job goes on in the trace of what asked for it`,
      `${TELEMETRY} > when a worker dies, another goes on with its runs in the same trace`,
    ],
    files: ['docs/operate/monitor.md#Traces'],
  },
  {
    about: 'error tracking by Sentry’s protocol, with ids and without content',
    items: ['S3-67', 'S3-133'],
    tests: [
      `${TELEMETRY} > an unexpected error is reported with request, trace and tenant`,
      'src/platform/telemetry/error-reports.test.ts > a report says where and what, and holds no content and no secret',
    ],
    files: ['docs/operate/monitor.md#Errors'],
  },
  {
    about: 'slow statements are found, logged with their request, and counted',
    items: ['S3-73', 'S3-78'],
    tests: [`${TELEMETRY} > a slow statement is logged with its text and its request, and counted`],
    files: ['docs/operate/monitor.md#Slow statements'],
  },
  {
    about: 'metrics of connections and of the queue, behind a token',
    items: ['S1-30', 'S3-132'],
    tests: [
      'src/app/metrics.test.ts > tell of connections and of the queue',
      'src/app/metrics.test.ts > ask for their token where there is one',
    ],
  },
  {
    about: 'alerts and dashboards, fired and filled by a real Prometheus and Alertmanager',
    items: [
      'S1-78',
      'S1-115',
      'S1-130',
      'S1-131',
      'S1-135',
      'S1-136',
      'S2-98',
      'S2-101',
      'S3-66',
      'S3-134',
      'S3-108',
      'S3-146',
    ],
    tests: [
      'test/deploy/monitoring.test.ts > fire every alert at whom they should',
      'test/deploy/monitoring.test.ts > takes the rules, and finds them quiet and loud as it should',
    ],
    files: ['deploy/monitoring/alertmanager.yml', 'docs/operate/runbook.md'],
    operator: 'the addresses of your PagerDuty and Slack',
  },
  {
    about: 'backups by schedule, restored for trial; PostgreSQL to any second; a plan for a disaster',
    items: ['S1-97..S1-101', 'S1-129', 'S3-74', 'S3-125'],
    tests: [
      'src/features/operations/backup/backup.test.ts > restore into an empty database of the other kind, row by row',
      'src/features/operations/backup/backup.test.ts > are tried out in a scratch database, and only the newest stay',
      'src/features/operations/pitr/pgbackrest.test.ts > the configuration has retention, encryption and the server',
    ],
    files: ['docs/operate/backup-and-recovery.md'],
    operator: 'where backups are kept, and the key that opens them',
  },
  {
    about: 'blue-green, roll-back, the process of deployment: written down, and done with two versions of the server',
    items: ['S1-116', 'S2-96', 'S3-81..S3-83', 'S3-111', 'S3-142', 'S3-143'],
    tests: [
      'test/acceptance/upgrade.test.ts > the old one ends, and every client goes on at the new one',
      'test/acceptance/upgrade.test.ts > the way back: the new version takes its migrations back',
    ],
    files: ['docs/operate/deploy-and-upgrade.md', 'docs/operate/runbook.md'],
  },
  {
    about: 'readiness scores, by what was run and seen on the installation; not run is never passed',
    items: ['S2-68..S2-74'],
    tests: [
      'src/features/readiness/run-checks.test.ts > is GO only where everything that applies has passed',
      'src/features/readiness/known-bad.test.ts > every drill',
      'test/acceptance/readiness.test.ts > judges a running installation, and keeps the evidence',
    ],
    files: ['docs/operate/readiness.md'],
  },
  {
    about:
      'scans: rules of security in the linter here, known holes of dependencies in the pipeline; a hook before commits',
    items: ['S3-93', 'S3-94', 'S3-140', 'S3-141'],
    files: ['.github/workflows/ci.yml', '.githooks/pre-commit', 'biome.json'],
    operator: 'GitHub runs the scan: it needs a network',
  },
  {
    about: 'checked against OWASP ASVS 5, level 2, requirement by requirement',
    items: ['S1-149'],
    tests: ['test/security-table.test.ts > names a state for each row, and files that there are'],
    files: ['docs/security/asvs.md'],
  },
  {
    about:
      'critical issues and security hardening, phases 1 and 2: authentication, CORS, secrets, limits, health, errors, validation, logging, each with its items above; and the attacks of nobody’s feature',
    items: ['S1-103', 'S1-139', 'S1-140', 'S3-107'],
    tests: [
      'src/app/attacks.test.ts > session fixation',
      'src/app/attacks.test.ts > CSRF: no route reads a cookie',
      'src/app/attacks.test.ts > header injection',
      'src/app/attacks.test.ts > 10 MB of headers are refused',
      'test/fuzz.test.ts > is answered in time, with no 5xx',
      ...WALLS,
      ...LIMITS,
    ],
  },
  {
    about:
      'phase 4 of the predecessor’s plan: performance, caches, the database, documents, each by its own items above (S1-80 to S1-85, S1-91 to S1-96, S1-138)',
    items: ['S1-142'],
    tests: [
      'src/features/documents/retrieval/search-cache.test.ts > is answered from what it found, here and through Redis',
      'src/features/documents/ingestion/ingest-document.test.ts > text that was embedded once is not embedded again',
      'test/acceptance/reference.test.ts > says of every operation what it does and how it fails',
    ],
    files: ['bench/main.ts', 'docs/api-guide.md', 'docs/operate/scale.md'],
  },
  {
    about:
      'phase 3 of the predecessor’s plan: the suite, configuration, containers, monitoring, each by its own items above (S1-54 to S1-79)',
    items: ['S1-141'],
    tests: [
      'test/deploy/monitoring.test.ts > fire every alert at whom they should',
      'test/deploy/compose.test.ts > takes every secret from a file, none from the environment of a container',
    ],
    files: ['docs/coverage.md', 'docs/operate/configure.md', 'deploy/Dockerfile', 'docs/operate/monitor.md'],
  },
];
