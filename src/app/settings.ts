import { availableParallelism } from 'node:os';
import { chatSettings } from './chat-settings.ts';
import { codeSettings } from './code-settings.ts';
import { databaseSettings } from './database-settings.ts';
import { embeddingSettings } from './embedding-settings.ts';
import { identitySettings } from './identity-settings.ts';
import { limitSettings } from './limit-settings.ts';
import { migrationSettings } from './migration-settings.ts';
import {
  boolean,
  decimal,
  hosts,
  hostsAndNetworks,
  integer,
  list,
  MOST_ACTS,
  networks,
  oneOf,
  perMinute,
  secretKeys,
  setting,
  text,
  url,
} from './setting.ts';
import { telemetrySettings } from './telemetry-settings.ts';

/** Every setting of the program: its name in the environment, how it is read, its default, and what a person must know.
 * `.env.example` is generated from this table, and a test compares the two. */

const optional = <Value>(read: (value: string) => Value): ((value: string) => Value | null) => read;
const none = null as string | null;
const MEBIBYTE = 1024 * 1024;

export const settings = {
  environment: setting(
    'ENVIRONMENT',
    oneOf('development', 'test', 'staging', 'production'),
    'development',
    'Where the program runs: development, test, staging or production. Production refuses weak settings.',
  ),
  port: setting('PORT', integer(0, 65_535), 8000, 'Port of the API and the console; 0 takes a free one.'),
  host: setting(
    'HOST',
    text,
    '127.0.0.1',
    'Address to listen on. 0.0.0.0 lets other machines in; put TLS in front of it.',
  ),
  dataDir: setting('DATA_DIR', text, './data', 'Folder of the embedded database and of the generated secret.'),
  databaseUrl: setting(
    'DATABASE_URL',
    optional(url('postgres:', 'postgresql:')),
    none,
    'PostgreSQL 15 or later with pgvector. Unset: the embedded database in DATA_DIR.',
    { secret: true },
  ),
  ...databaseSettings,
  databasePoolSize: setting('DATABASE_POOL_SIZE', integer(1, 1000), 20, 'Connections of this process at most.'),
  databasePoolTimeout: setting(
    'DATABASE_POOL_TIMEOUT_MS',
    integer(100, 600_000),
    30_000,
    'How long a request waits for a free connection, ms.',
  ),
  statementTimeout: setting(
    'DATABASE_STATEMENT_TIMEOUT_MS',
    integer(100, 3_600_000),
    30_000,
    'Longest statement on the server database, ms.',
  ),
  prepareStatements: setting(
    'DATABASE_PREPARED_STATEMENTS',
    boolean,
    true,
    'Whether frequent statements are prepared. false behind PgBouncer before 1.21 in transaction mode.',
  ),
  ...migrationSettings,
  coldStorage: setting(
    'COLD_STORAGE',
    optional(text),
    none,
    'Where retention keeps what leaves the database: a folder, or s3://bucket/prefix. Unset: DATA_DIR/cold.',
  ),
  forgottenStorage: setting(
    'FORGOTTEN_STORAGE',
    optional(text),
    none,
    'Where deletions are noted outside of the database, so that they outlive a restored backup: a folder that all servers share, or s3://bucket/prefix. Unset: DATA_DIR/forgotten.',
  ),
  backupStorage: setting(
    'BACKUP_STORAGE',
    optional(text),
    none,
    'Where backups are kept, sealed with the first of ENCRYPTION_KEYS: a folder on another disk, or s3://bucket/prefix. Unset: DATA_DIR/backups.',
  ),
  backupSchedule: setting(
    'BACKUP_SCHEDULE',
    optional(text),
    none,
    'When a backup of everything is made: five cron fields, UTC; never turns it off. Unset: 41 2 * * * on the embedded database, never on a server.',
  ),
  backupKeep: setting('BACKUP_KEEP', integer(1, 10_000), 7, 'Backups of everything that stay; older ones are removed.'),
  readinessStorage: setting(
    'READINESS_STORAGE',
    optional(text),
    none,
    'Where the reports of parley readiness are kept, for the console too: a folder that all servers share, or s3://bucket/prefix. Unset: DATA_DIR/readiness.',
  ),
  s3PathStyle: setting(
    'S3_PATH_STYLE',
    boolean,
    false,
    'Whether buckets are asked for as http://host/bucket; most services that are not AWS want it. Region, keys and endpoint come from AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL_S3.',
  ),
  retentionSchedule: setting(
    'RETENTION_SCHEDULE',
    text,
    '17 3 * * *',
    'When retention is applied where an admin turned it on: five cron fields, UTC.',
  ),
  redisUrl: setting(
    'REDIS_URL',
    optional(url('redis:', 'rediss:')),
    none,
    'Redis or Valkey that replicas share. Optional; nothing is lost without it.',
    { secret: true },
  ),
  secretKey: setting(
    'SECRET_KEY',
    optional(text),
    none,
    'Signs access tokens; 32 characters at least in production. Unset elsewhere: made once and kept in DATA_DIR.',
    { aliases: ['JWT_SECRET', 'JWT_SECRET_KEY'], secret: true },
  ),
  encryptionKeys: setting(
    'ENCRYPTION_KEYS',
    secretKeys,
    [] as readonly Buffer[],
    'Keys that seal what is stored to be read again, such as keys of model providers: 32 bytes in base64 each (openssl rand -base64 32). The first seals, all open; after a change run `parley secrets rotate`. Unset: one that follows from SECRET_KEY.',
    { secret: true },
  ),
  outboundAllowedHosts: setting(
    'OUTBOUND_ALLOWED_HOSTS',
    hostsAndNetworks,
    [] as readonly string[],
    'Names, addresses or networks that may be called for users, as addresses of MCP servers or documents, although they are not of the public internet.',
  ),
  debug: setting('DEBUG', boolean, false, 'Never true in production.'),
  metricsToken: setting(
    'METRICS_TOKEN',
    optional(text),
    null as string | null,
    'What a scraper of /metrics must send as Authorization: Bearer. Unset: anybody may read them; keep them inside by the proxy.',
    { secret: true },
  ),
  logLevel: setting(
    'LOG_LEVEL',
    oneOf('trace', 'debug', 'info', 'warn', 'warning', 'error', 'fatal', 'silent'),
    'info',
    'Least severe line that is logged.',
  ),
  logFormat: setting(
    'LOG_FORMAT',
    optional(oneOf('json', 'pretty')),
    null as 'json' | 'pretty' | null,
    'json or pretty. Unset: pretty on a terminal, else json.',
  ),
  ...telemetrySettings,
  allowedOrigins: setting(
    'ALLOWED_ORIGINS',
    list,
    [] as readonly string[],
    'Origins of browsers that may call the API, such as https://app.example.com. Never *.',
    { aliases: ['CORS_ORIGINS'] },
  ),
  trustedProxies: setting(
    'TRUSTED_PROXIES',
    networks,
    [] as readonly string[],
    'Addresses or networks of proxies whose X-Forwarded-* headers are believed.',
  ),
  trustedHosts: setting(
    'TRUSTED_HOSTS',
    hosts,
    [] as readonly string[],
    'Names under which this server may be asked, such as api.example.com or *.example.com. Unset: all.',
  ),
  httpsRedirect: setting(
    'HTTPS_REDIRECT',
    boolean,
    false,
    'Whether requests without TLS are sent to https. Behind a proxy it needs TRUSTED_PROXIES.',
  ),
  bodyLimit: setting('BODY_LIMIT_BYTES', integer(1024, 100 * MEBIBYTE), MEBIBYTE, 'Largest JSON body, bytes.'),
  uploadLimit: setting(
    'UPLOAD_LIMIT_BYTES',
    integer(1024, 1024 * MEBIBYTE),
    50 * MEBIBYTE,
    'Largest uploaded file, bytes.',
  ),
  ...limitSettings,
  attachmentLimit: setting(
    'ATTACHMENT_LIMIT_BYTES',
    integer(1024, 1024 * MEBIBYTE),
    20 * MEBIBYTE,
    'Largest file that a message carries, bytes.',
  ),
  loginsPerMinute: perMinute(
    'RATE_LIMIT_LOGIN_PER_MINUTE',
    5,
    'Logins a minute from one address, and of one account; who goes on waits longer each time.',
  ),
  registrationsPerMinute: perMinute(
    'RATE_LIMIT_REGISTER_PER_MINUTE',
    3,
    'Registrations a minute from one address, and of one account; who goes on waits longer each time.',
  ),
  loginFailures: setting(
    'LOGIN_FAILURES_BEFORE_LOCK',
    integer(1, MOST_ACTS),
    10,
    'Failed logins within an hour that lock an account, or an address, for LOGIN_LOCK_MINUTES.',
  ),
  loginLockMinutes: setting('LOGIN_LOCK_MINUTES', integer(1, 1_440), 15, 'How long such a lock lasts, minutes.'),
  overloadDelay: setting(
    'OVERLOAD_DELAY_MS',
    integer(50, 600_000),
    1_000,
    'Lateness of the event loop from which new requests are refused with 503, ms.',
  ),
  overloadQueries: setting(
    'OVERLOAD_WAITING_QUERIES',
    integer(1, MOST_ACTS),
    1_000,
    'Callers waiting for a database connection from which new requests are refused with 503.',
  ),
  requestTimeout: setting(
    'REQUEST_TIMEOUT_MS',
    integer(100, 600_000),
    15_000,
    'Longest time for an answer that is not a stream, ms.',
  ),
  shutdownTimeout: setting(
    'SHUTDOWN_TIMEOUT_MS',
    integer(0, 600_000),
    25_000,
    'How long a stopping process lets streams and jobs finish, ms.',
  ),
  workerLease: setting(
    'WORKER_LEASE_MS',
    integer(500, 600_000),
    10_000,
    'How long a process that is not heard of keeps its answers, ms; then another takes them over. Shorter than a pause of a busy machine takes over from the living.',
  ),
  jwtExpirationMinutes: setting('JWT_EXPIRATION_MINUTES', integer(1, 10_080), 30, 'Life of an access token, minutes.'),
  ...identitySettings,
  workers: setting(
    'WORK_IN_SERVER',
    boolean,
    true,
    'Whether the server also works on jobs; false where `parley worker` runs beside it.',
  ),
  ingestionConcurrency: setting(
    'INGESTION_CONCURRENCY',
    integer(1, 64),
    Math.max(1, Math.min(4, availableParallelism() - 1)),
    'Documents that one process ingests at the same time.',
    { example: '1' },
  ),
  ...codeSettings,
  ...chatSettings,
  openaiApiKey: setting('OPENAI_API_KEY', optional(text), none, 'Key for OPENAI_BASE_URL.', { secret: true }),
  openaiBaseUrl: setting(
    'OPENAI_BASE_URL',
    optional(url('http:', 'https:')),
    none,
    'Any OpenAI-compatible address, such as http://localhost:11434/v1 (Ollama). Unset: OpenAI, when a key is set.',
  ),
  openrouterApiKey: setting('OPENROUTER_API_KEY', optional(text), none, 'Key for OpenRouter.', { secret: true }),
  anthropicApiKey: setting('ANTHROPIC_API_KEY', optional(text), none, 'Key for Anthropic.', { secret: true }),
  azureOpenaiApiKey: setting('AZURE_OPENAI_API_KEY', optional(text), none, 'Key for Azure OpenAI.', { secret: true }),
  azureOpenaiBaseUrl: setting(
    'AZURE_OPENAI_BASE_URL',
    optional(url('http:', 'https:')),
    none,
    'Address of the Azure OpenAI resource, such as https://name.openai.azure.com. A model is azure/<deployment>.',
  ),
  googleApiKey: setting('GOOGLE_API_KEY', optional(text), none, 'Key for Gemini.', {
    aliases: ['GEMINI_API_KEY'],
    secret: true,
  }),
  googleBaseUrl: setting(
    'GOOGLE_BASE_URL',
    optional(url('http:', 'https:')),
    none,
    'OpenAI-compatible address of Gemini. Unset: Google’s own.',
  ),
  defaultModel: setting(
    'DEFAULT_MODEL',
    optional(text),
    none,
    'Model that answers when a request names none, as provider/model. Unset: the usual one of the first provider that is configured; with none, extractive, which needs no key. Ollama and vLLM need it.',
    { aliases: ['OPENAI_MODEL'] },
  ),
  fallbackModels: setting(
    'FALLBACK_MODELS',
    list,
    [] as readonly string[],
    'Models to turn to, in this order, when the asked one fails before it has said anything.',
  ),
  budgetPerDay: setting(
    'TENANT_BUDGET_USD_PER_DAY',
    decimal(0, 1_000_000_000),
    10,
    'What the models of one tenant may cost a day, US dollars, unless its operator gives it another budget.',
  ),
  pricesFile: setting(
    'PRICES_FILE',
    optional(text),
    none,
    'JSON file of model prices, which come before the shipped ones; docs/product has its form.',
  ),
  unpricedModels: setting(
    'UNPRICED_MODELS',
    oneOf('refuse', 'allow'),
    'refuse',
    'Whether models are asked whose price is not known. allow is for those that cost nothing, such as Ollama: no budget counts them.',
  ),
  mostOutputTokens: setting(
    'MAX_OUTPUT_TOKENS',
    integer(1, 1_000_000),
    16_384,
    'Longest output of a model with a price, hidden reasoning included, where a request names none; so much is reserved.',
  ),
  ...embeddingSettings,
  transcriptionModel: setting(
    'TRANSCRIPTION_MODEL',
    optional(text),
    none,
    'Model that writes speech down, such as whisper-1. Unset: dictation is refused.',
  ),
  transcriptionBaseUrl: setting(
    'TRANSCRIPTION_BASE_URL',
    optional(url('http:', 'https:')),
    none,
    'OpenAI-compatible address for TRANSCRIPTION_MODEL. Unset: OPENAI_BASE_URL, or OpenAI.',
  ),
  transcriptionApiKey: setting(
    'TRANSCRIPTION_API_KEY',
    optional(text),
    none,
    'Key for it. Unset: OPENAI_API_KEY, where the address is the same server.',
    { secret: true },
  ),
} as const;

export type Settings = { readonly [Name in keyof typeof settings]: (typeof settings)[Name]['fallback'] };
