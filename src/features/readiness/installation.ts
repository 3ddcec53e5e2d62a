/** What checks know of the installation that they judge. Secrets are in `settings`, never in what a check writes. */
export type Installation = {
  /** Null where the settings are not usable. */
  settings: InstallationSettings | null;
  /** What is wrong with them. */
  faults: readonly string[];
  /** Where the program is. */
  projectFolder: string;
  /** The names of all settings in the environment. */
  settingNames: readonly string[];
  /** What backups there are, newest first; null where that is not to be read. */
  backups: (() => Promise<readonly { taken_at: string; tried: boolean }[]>) | null;
};

/** The settings that checks look at, as `src/app/settings.ts` has them. */
export type InstallationSettings = {
  environment: string;
  host: string;
  dataDir: string;
  databaseUrl: string | null;
  redisUrl: string | null;
  secretKey: string | null;
  encryptionKeys: readonly Buffer[];
  debug: boolean;
  metricsToken: string | null;
  logLevel: string;
  logFormat: string | null;
  allowedOrigins: readonly string[];
  trustedHosts: readonly string[];
  httpsRedirect: boolean;
  budgetPerDay: number;
  unpricedModels: string;
  backupSchedule: string | null;
  requestTimeout: number;
  statementTimeout: number;
  bodyLimit: number;
  requestsPerMinuteByAddress: number;
  loginsPerMinute: number;
  runsPerMinute: number;
  chatkitRequestsPerMinute: number;
};

export function isProduction(settings: Pick<InstallationSettings, 'environment'>): boolean {
  return settings.environment === 'production';
}
