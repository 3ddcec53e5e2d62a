export { analyticsRoutes } from './analytics/analytics.routes.ts';
export { type Analytics, createAnalytics } from './analytics/analytics.service.ts';
export { type Backups, copyInstallation, createBackups } from './backup/backup.service.ts';
export { readProgress } from './backup/backup.store.ts';
export { BackupBrokenError } from './backup/backup-lines.ts';
export type { BackupRecord, RestoreTrial } from './backup/backup-shelf.ts';
export { restoreFaultOf } from './backup/restore-fault.ts';
export { finishRestore, RestoreRefusedError, type RestoreResult } from './backup/restore-installation.ts';
export { createHealthService, type HealthContribution, type HealthService } from './health.service.ts';
export type { Check } from './health-check.ts';
export {
  diskCheck,
  embedderCheck,
  migrationsCheck,
  providersCheck,
  queueCheck,
  replicaCheck,
} from './health-checks.ts';
export { operationsRoutes } from './operations.routes.ts';
export {
  cronFile,
  nextSteps,
  type PitrPlan,
  pgbackrestConf,
  postgresConf,
  STANZA,
} from './pitr/pgbackrest-files.ts';
export { pitrFaults } from './pitr/pgbackrest-info.ts';
export { PitrRefusedError, type RunPgbackrest, readPitrState, restoreToMoment } from './pitr/pitr.service.ts';
