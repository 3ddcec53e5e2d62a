import type { Check } from './check.ts';
import { accounts } from './drill/accounts.ts';
import { backupRestored } from './drill/backup-restored.ts';
import { budgetExceeded } from './drill/budget-exceeded.ts';
import { cleanStop } from './drill/clean-stop.ts';
import { databaseStopped } from './drill/database-stopped.ts';
import { diskFull } from './drill/disk-full.ts';
import { killInMidAnswer } from './drill/kill-in-mid-answer.ts';
import { limitsRefuse } from './drill/limits-refuse.ts';
import { logHygiene } from './drill/log-hygiene.ts';
import { migratedBeforeServed } from './drill/migrated-before-served.ts';
import { neighbourTenant } from './drill/neighbour-tenant.ts';
import { pointInTime } from './drill/point-in-time.ts';
import { providerDown } from './drill/provider-down.ts';
import { redisStopped } from './drill/redis-stopped.ts';
import { secretRotated } from './drill/secret-rotated.ts';
import { slowClients } from './drill/slow-clients.ts';
import { weakProductionRefused } from './drill/weak-production-refused.ts';
import { anonymousRefused } from './live/anonymous-refused.ts';
import { bodyLimit } from './live/body-limit.ts';
import { certificate } from './live/certificate.ts';
import { closedToForeignOrigins } from './live/closed-to-foreign-origins.ts';
import { errorsTellNothing } from './live/errors-tell-nothing.ts';
import { foreignHost } from './live/foreign-host.ts';
import { forgedTokens } from './live/forged-tokens.ts';
import { health } from './live/health.ts';
import { hostileInput } from './live/hostile-input.ts';
import { hundredProbes } from './live/hundred-probes.ts';
import { limitsAnnounced } from './live/limits-announced.ts';
import { listedOrigins } from './live/listed-origins.ts';
import { metrics } from './live/metrics.ts';
import { metricsOfAlerts } from './live/metrics-of-alerts.ts';
import { oldAddresses } from './live/old-addresses.ts';
import { reference } from './live/reference.ts';
import { requestIds } from './live/request-ids.ts';
import { securityHeaders } from './live/security-headers.ts';
import { webSocketNeedsCredential } from './live/websocket-needs-credential.ts';
import { hundredClients } from './load/hundred-clients.ts';
import { hundredStreams } from './load/hundred-streams.ts';
import { sessionLatency } from './load/session-latency.ts';
import { alertsWithRunbook } from './static/alerts-with-runbook.ts';
import { boundedCost } from './static/bounded-cost.ts';
import { documentedSettings } from './static/documented-settings.ts';
import { encryptedConnections } from './static/encrypted-connections.ts';
import { exactDependencies } from './static/exact-dependencies.ts';
import { guardedMetrics } from './static/guarded-metrics.ts';
import { hardenedDeployment } from './static/hardened-deployment.ts';
import { ignoredFiles } from './static/ignored-files.ts';
import { logSettings } from './static/log-settings.ts';
import { noSecretsInFiles } from './static/no-secrets-in-files.ts';
import { operatorDocuments } from './static/operator-documents.ts';
import { originsOfProduction } from './static/origins-of-production.ts';
import { pipeline } from './static/pipeline.ts';
import { privateFiles } from './static/private-files.ts';
import { recentBackup } from './static/recent-backup.ts';
import { reversibleMigrations } from './static/reversible-migrations.ts';
import { strongSecret } from './static/strong-secret.ts';
import { tracedRequirements } from './static/traced-requirements.ts';
import { trustedHosts } from './static/trusted-hosts.ts';
import { usableSettings } from './static/usable-settings.ts';

/** Every check, in the order in which they run: what is quick and harmless first. */
export const catalogue: readonly Check[] = [
  usableSettings,
  strongSecret,
  originsOfProduction,
  trustedHosts,
  encryptedConnections,
  guardedMetrics,
  boundedCost,
  logSettings,
  privateFiles,
  noSecretsInFiles,
  ignoredFiles,
  exactDependencies,
  hardenedDeployment,
  pipeline,
  recentBackup,
  reversibleMigrations,
  alertsWithRunbook,
  operatorDocuments,
  documentedSettings,
  tracedRequirements,
  health,
  securityHeaders,
  closedToForeignOrigins,
  listedOrigins,
  certificate,
  foreignHost,
  limitsAnnounced,
  errorsTellNothing,
  hostileInput,
  anonymousRefused,
  forgedTokens,
  webSocketNeedsCredential,
  bodyLimit,
  requestIds,
  metrics,
  metricsOfAlerts,
  reference,
  oldAddresses,
  hundredProbes,
  sessionLatency,
  hundredClients,
  hundredStreams,
  accounts,
  neighbourTenant,
  budgetExceeded,
  logHygiene,
  slowClients,
  providerDown,
  limitsRefuse,
  weakProductionRefused,
  killInMidAnswer,
  cleanStop,
  backupRestored,
  secretRotated,
  diskFull,
  redisStopped,
  migratedBeforeServed,
  databaseStopped,
  pointInTime,
];
