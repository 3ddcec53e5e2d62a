import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Installation, InstallationSettings } from '../../../src/features/readiness/installation.ts';

/** An installation for production with a fault for each static check. Put together here, so that no file has them. */
export async function badInstallation(folder: string): Promise<Installation> {
  for (const [path, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const dataDir = join(folder, 'kept');
  await mkdir(dataDir);
  await chmod(dataDir, 0o777);
  return {
    settings: { ...BAD_SETTINGS, dataDir },
    faults: ['SECRET_KEY must be random and have 32 characters at least.'],
    projectFolder: folder,
    settingNames: ['PORT', 'HOST'],
    backups: async () => [{ taken_at: '2020-01-01T00:00:00Z', tried: false }],
  };
}

export const BAD_SETTINGS: InstallationSettings = {
  environment: 'production',
  host: '0.0.0.0',
  dataDir: '',
  databaseUrl: 'postgres://parley:short@db.example.com/parley?sslmode=disable',
  redisUrl: 'redis://redis.example.com',
  secretKey: 'aaaaaaaaaaaaaaaa',
  encryptionKeys: [],
  debug: true,
  metricsToken: null,
  logLevel: 'silent',
  logFormat: 'pretty',
  allowedOrigins: ['http://localhost:3000'],
  trustedHosts: [],
  httpsRedirect: false,
  budgetPerDay: 1_000_000,
  unpricedModels: 'allow',
  backupSchedule: 'never',
  requestTimeout: 15_000,
  statementTimeout: 30_000,
  bodyLimit: 1024 * 1024,
  requestsPerMinuteByAddress: 200,
  loginsPerMinute: 5,
  runsPerMinute: 30,
  chatkitRequestsPerMinute: 30,
};

const FILES: Readonly<Record<string, string>> = {
  'vitest.config.ts': '',
  '.gitignore': 'nothing\n',
  '.dockerignore': 'README.md\n',
  'settings.json': JSON.stringify({ key: `AKIA${'Q7'.repeat(8)}` }),
  'package.json': JSON.stringify({ dependencies: { left: '^1.0.0' } }),
  'package-lock.json': JSON.stringify({ packages: { 'node_modules/left': { version: '1.0.1' } } }),
  'node_modules/left/package.json': JSON.stringify({ version: '0.9.0' }),
  'deploy/Dockerfile': 'FROM node\nUSER root\nCMD npm run dev\n',
  'deploy/compose.yaml': 'services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: hunter2hunter2\n',
  'deploy/monitoring/rules.yml': 'groups:\n  - rules:\n      - alert: Lonely\n        expr: up == 0\n',
  '.github/workflows/ci.yml': 'on: push\n',
  '.env.example': '#PORT=8000\n#API_KEY=of-somebody-who-was-careless\n',
  'docs/acceptance.md': '| S0-1 | code | x | [1](#e1) |\n| S0-1 | code | x | [1](#e1) |\n',
  'migrations/0001_a.sql': '-- migrate: up\nSELECT 1;\n',
  'migrations/0001_b.sql': 'SELECT 1;\n',
};
