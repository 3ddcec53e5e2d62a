import { configuredTranscriber } from '../ai/configured-transcriber.ts';
import { createModelRegistry, type ModelRegistry } from '../ai/model-registry.ts';
import { keyedProviders } from '../ai/own-keys.ts';
import type { Transcriber } from '../ai/transcriber.ts';
import {
  type Chat,
  createChat,
  hasEndedRuns,
  leaseTimesOf,
  passOverPreviousRun,
  sessionOwner,
  takeEndedRuns,
} from '../features/chat/index.ts';
import type { Code } from '../features/code/index.ts';
import { createDocuments, type Documents } from '../features/documents/index.ts';
import { createEmbeddings, type Embeddings } from '../features/embeddings/index.ts';
import { createIdentity, type Identity, sealedStoresOf } from '../features/identity/index.ts';
import { createMemory, type Memory } from '../features/memory/index.ts';
import {
  type Analytics,
  type Backups,
  createAnalytics,
  createBackups,
  type HealthService,
} from '../features/operations/index.ts';
import {
  createForgetting,
  createIdempotency,
  createProviderKeys,
  createQuotaOf,
  createTenantExports,
  createTenantLifecycle,
  createTenantSecrets,
  createTenantSettings,
  type Forgetting,
  findTenantById,
  type Idempotency,
  listServedTenants,
  type Tenancy,
  type Tenant,
} from '../features/tenancy/index.ts';
import { createTools, type Tools } from '../features/tools/index.ts';
import { createUsage, nanosOf, type Usage, usageSettings } from '../features/usage/index.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import type { Database } from '../platform/database/database.ts';
import { loadOwnMigrations } from '../platform/database/migrations/installation.ts';
import type { Migration } from '../platform/database/migrations/migration.ts';
import { createReplicaReads, type ReplicaReads } from '../platform/database/replica.ts';
import { createGuardedFetch, type GuardedFetch } from '../platform/http/guarded-fetch.ts';
import { createOutbox } from '../platform/mail/outbox.ts';
import type { Queue } from '../platform/queue/queue.ts';
import { createRedis, type RedisConnection } from '../platform/redis/redis.ts';
import type { Outside } from '../platform/resilience/outside.ts';
import type { SealedStore } from '../platform/secrets/sealed-store.ts';
import { createSecretBox, installationKeys, type SecretBox } from '../platform/secrets/secret-box.ts';
import type { Logger } from '../platform/telemetry/log.ts';
import type { Metrics } from '../platform/telemetry/metrics.ts';
import type { Tracing } from '../platform/telemetry/tracing.ts';
import type { PreviewSeal } from '../protocols/chatkit/dependencies.ts';
import { attachmentPreviews } from './attachment-previews.ts';
import { backupSchedule } from './backup-schedule.ts';
import { codeOf } from './code-options.ts';
import type { Config } from './config.ts';
import { createHealth } from './health-checks.ts';
import { mailerOf, providersOf, publicUrlOf } from './identity-parts.ts';
import { installationSecret } from './installation-secret.ts';
import { callEvents, modelEvents } from './model-events.ts';
import { observe } from './observe.ts';
import { outsideMailer, outsideProvider, outsideTranscriber, storageIn } from './outside-services.ts';
import { readPricesFile } from './prices-file.ts';
import { recallWith } from './recall-for-chat.ts';
import { retrieveWith } from './retrieve-for-chat.ts';
import { createSuspendedWork, type SuspendedWork } from './suspended-work.ts';
import { createTenantGates, type TenantGates } from './tenant-gates.ts';
import { createModelsOf, type ModelsOf, withOwnKeys } from './tenant-models.ts';
import { toolsForChat } from './tools-for-chat.ts';
import { version } from './version.ts';

/** Of one answer of an MCP server. */
const MOST_MCP_BYTES = 4 * 1024 * 1024;

/** All that the program is made of, built once and passed down. */
export type Services = {
  config: Config;
  log: Logger;
  clock: Clock;
  metrics: Metrics;
  /** Null: nothing is traced. */
  tracing: Tracing | null;
  database: Database;
  /** For what may be a moment old. */
  reads: ReplicaReads;
  /** Null where none is set. Not connected yet. */
  redis: RedisConnection | null;
  /** For addresses that users give. */
  guardedFetch: GuardedFetch;
  migrations: readonly Migration[];
  queue: Queue;
  /** Where calls to anything outside go through. */
  outside: Outside;
  models: ModelRegistry;
  modelsOf: ModelsOf;
  tenancy: Tenancy;
  /** Connections of each tenant that are open now. */
  tenantGates: TenantGates;
  suspendedWork: SuspendedWork;
  /** Seals what is stored to be read again. */
  secretBox: SecretBox;
  /** Every place where such things are kept. */
  sealedStores: readonly SealedStore[];
  /** Null where no mail is sent. */
  outbox: ReturnType<typeof createOutbox> | null;
  identity: Identity;
  idempotency: Idempotency;
  forgetting: Forgetting;
  usage: Usage;
  embeddings: Embeddings;
  documents: Documents;
  code: Code;
  memory: Memory;
  tools: Tools;
  chat: Chat;
  analytics: Analytics;
  /** Null where none is set. */
  transcriber: Transcriber | null;
  /** Addresses of pictures that need no credential. */
  previews: PreviewSeal;
  health: HealthService;
  backups: Backups;
};

export type ServiceOverrides = {
  clock?: Clock;
  models?: ModelRegistry;
  replica?: Database | undefined;
  tracing?: Tracing | null;
  /** Statements of this process that were slow, so far. */
  slowStatements?(): number;
};

export async function createServices(
  config: Config,
  log: Logger,
  database: Database,
  overrides: ServiceOverrides = {},
): Promise<Services> {
  const { clock = systemClock, replica = null, tracing = null, slowStatements = () => 0 } = overrides;
  const reads = createReplicaReads({ primary: database, replica, mostLag: config.databaseReplicaMostLag });
  const migrations = await loadOwnMigrations();
  const { metrics, outside, queue } = observe({
    log,
    database,
    reads,
    tracing,
    dataDir: config.dataDir,
    slowStatements,
  });
  const models = overrides.models ?? createModelRegistry(config, modelEvents(log, outside));
  const redis = config.redisUrl === null ? null : createRedis(config.redisUrl, log);
  const secretKey = await installationSecret(config);
  const secretBox = createSecretBox(installationKeys(config.encryptionKeys, secretKey));
  const tenantGates = createTenantGates();
  const settings = createTenantSettings({ database, clock, log });
  const secrets = createTenantSecrets(database, secretBox);
  const providerKeys = createProviderKeys({ database, secrets, clock, log, providers: keyedProviders(config) });
  const quotaOf = createQuotaOf(settings);
  const storage = storageIn(config, outside);
  const forgetting: Forgetting = createForgetting({
    database,
    queue,
    clock,
    metrics,
    secretKey,
    storage: storage(config.forgottenStorage, 'forgotten'),
    forgetters: () => [chat.forgetter, memory.forgetter, documents.forgetter, code.forgetter, idempotency.forgetter],
    removeFiles: (tenant, signal) => memory.removeFiles(tenant, signal),
  });
  const tenancy: Tenancy = {
    settings,
    secrets,
    providerKeys,
    exports: createTenantExports({ database, queue, clock, settings }),
    lifecycle: createTenantLifecycle({
      database,
      migrations,
      clock,
      log,
      secretKey,
      entombTenant: forgetting.entombTenant,
      onChange: (tenantId) => {
        // What is known of credentials' standing is old.
        identity.families.clear();
        identity.apiKeys.clear();
        identity.visitedTenants.clear();
        tenantGates.close(tenantId);
        suspendedWork.look(tenantId);
      },
    }),
  };
  const suspendedWork: SuspendedWork = createSuspendedWork({
    database,
    queue,
    log,
    stopRuns: (tenantId) => chat.engine.stopTenant(tenantId),
  });
  const idempotency: Idempotency = createIdempotency({ database, queue, clock, log, secretKey });
  const mailer = await mailerOf(config, log);
  const outbox = mailer && createOutbox({ queue, box: secretBox, mailer: outsideMailer(mailer, outside) });
  const identity = createIdentity({
    database,
    migrations,
    clock,
    log,
    secretKey,
    algorithm: config.jwtAlgorithm,
    box: secretBox,
    outbox,
    publicUrl: publicUrlOf(config),
    providers: providersOf(config).map((provider) => outsideProvider(provider, outside)),
    redirectUris: config.oauthRedirectUris,
    requireVerifiedEmail: config.requireVerifiedEmail,
    quotaOf,
    countLogin: (outcome) => metrics.logins.inc({ outcome }),
    countVisitor: (outcome) => metrics.visitors.inc({ outcome }),
    accessTokenLifetime: config.jwtExpirationMinutes * 60,
    settings,
    loginLock: { failures: config.loginFailures, minutes: config.loginLockMinutes },
  });
  const usage = createUsage({
    database,
    reads,
    clock,
    log,
    metrics,
    installationLimit: nanosOf(config.budgetPerDay),
    prices: config.pricesFile === null ? [] : await readPricesFile(config.pricesFile),
    allowsUnpriced: (tenant) =>
      config.unpricedModels === 'allow' || tenancy.settings.read(tenant, usageSettings.unpriced),
    mostOutputTokens: config.mostOutputTokens,
    outbox,
    readTrace: async (tenantId, runId) => {
      const tenant = await findTenantById(database.db, tenantId);
      return tenant ? chat.runs.trace(tenant, runId) : null;
    },
  });
  const modelsOf = createModelsOf({
    settings: config,
    installation: models,
    keys: providerKeys,
    options: callEvents(log),
  });
  const meter = withOwnKeys(usage.meter, models, modelsOf);
  const embeddings: Embeddings = createEmbeddings({
    database,
    queue,
    clock,
    log,
    metrics,
    meter,
    embedders: [models.embedder, models.nextEmbedder ?? null].filter((embedder) => embedder !== null),
    areas: () => [documents.vectors, memory.vectors],
    switchByItself: config.embeddingSwitch === 'auto',
    listTenants: () => listServedTenants(database),
  });
  const shared = (area: 'documents' | 'memory') => ({
    redis,
    embedder: models.embedder,
    servingEmbedder: (tenant: Tenant) => embeddings.serving(tenant, area),
    onEmbedded: embeddings.wake,
  });
  const common = { database, queue, forgetting, quotaOf, meter, clock, log, metrics };
  const documents: Documents = createDocuments({
    ...common,
    ...shared('documents'),
    ingestionConcurrency: config.ingestionConcurrency,
    uploadLimit: config.uploadLimit,
    attachmentLimit: config.attachmentLimit,
  });
  const code: Code = codeOf(config, { ...common, outside, secrets, settings, modelsOf });
  const memory: Memory = createMemory({
    database,
    queue,
    ...shared('memory'),
    factModel: (name) => models.resolve(name),
    meter,
    clock,
    log,
    metrics,
    settings: tenancy.settings,
    sessionOwner,
    forgetting,
    retention: {
      coldStorage: storage(config.coldStorage, 'cold'),
      schedule: config.retentionSchedule,
      listTenants: () => listServedTenants(database),
    },
    takeEnded: takeEndedRuns,
    hasEnded: hasEndedRuns,
    passOverPrevious: passOverPreviousRun,
  });
  const guardedFetch = createGuardedFetch({
    allowedHosts: config.outboundAllowedHosts,
    maxBytes: MOST_MCP_BYTES,
    totalTimeout: null,
  });
  const tools = createTools({ database, secrets: tenancy.secrets, clock, log, fetch: guardedFetch.fetch, outside });
  const chat: Chat = createChat({
    database,
    forgetting,
    redis,
    queue,
    log,
    metrics,
    tracing,
    clock,
    models,
    modelsOf,
    quotaOf,
    meter,
    retrieve: retrieveWith(documents),
    settings: tenancy.settings,
    titles: config.chatTitles,
    leaseTimes: leaseTimesOf(config.workerLease),
    tools: toolsForChat({ documents, memory, tools, settings }),
    limits: { mostSteps: config.runMostSteps, toolWait: config.toolWaitMinutes * 60_000 },
    context: {
      windowOf: (model) => usage.prices.priceOf(model, clock.now().toISOString().slice(0, 10)),
      unknownWindow: config.contextTokens,
      mostHistory: config.historyTokens,
      answer: config.mostOutputTokens,
    },
    recall: recallWith(memory),
    isServed: suspendedWork.isServed,
    onRemember: memory.runs.wake,
  });
  const transcriber = configuredTranscriber(config);
  const backups = createBackups({
    database,
    migrations,
    storage: storage(config.backupStorage, 'backups'),
    box: secretBox,
    clock,
    log,
    metrics,
    settings,
    program: version,
    schedule: backupSchedule(config),
    keep: config.backupKeep,
  });
  const { embedder } = models;
  const health = createHealth(config, { database, reads, clock, migrations, queue, redis, outside, embedder });
  return {
    config,
    log,
    clock,
    metrics,
    tracing,
    database,
    reads,
    redis,
    migrations,
    queue,
    outside,
    models,
    modelsOf,
    tenancy,
    tenantGates,
    suspendedWork,
    secretBox,
    sealedStores: [tenancy.secrets.sealed, ...sealedStoresOf(identity)],
    outbox,
    guardedFetch,
    identity,
    idempotency,
    forgetting,
    usage: { ...usage, meter },
    embeddings,
    documents,
    code,
    memory,
    tools,
    chat,
    analytics: createAnalytics({ reads, clock }),
    transcriber: transcriber && outsideTranscriber(transcriber, outside),
    previews: attachmentPreviews(secretKey, clock),
    health,
    backups,
  };
}
