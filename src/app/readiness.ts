import { execFile } from 'node:child_process';
import { createHmac, hkdfSync } from 'node:crypto';
import { arch, availableParallelism, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  createReadiness,
  createReportShelf,
  type Installation,
  type Readiness,
  type ReportShelf,
  type Seal,
  type Surroundings,
  type WorkshopTools,
} from '../features/readiness/index.ts';
import { createObjectStorage } from '../platform/storage/open-storage.ts';
import { bareEnvironment, type Config, ConfigError, configurationHash, loadConfig } from './config.ts';
import { installationSecret } from './installation-secret.ts';
import { projectFolder } from './project-folder.ts';
import { settings as defaults } from './settings.ts';
import { version } from './version.ts';

const run = promisify(execFile);

/** What readiness checks are told of this installation. */
export type ReadinessSubject = {
  installation: Installation;
  config: Config | null;
  surroundings: Surroundings;
  configuration: string;
  commit: string;
  seal: Seal | null;
  shelf: ReportShelf;
  tools: WorkshopTools;
};

export async function readinessSubject(): Promise<ReadinessSubject> {
  const { config, faults } = await settingsAsTheyAre();
  const seal = config && sealOf(await installationSecret(config));
  const [first = process.execPath, ...flags] = [process.execPath, ...process.execArgv];
  return {
    installation: {
      settings: config,
      faults,
      projectFolder,
      settingNames: Object.values(defaults).map(({ env }) => env),
      backups: config && (() => backupsOf(config)),
    },
    config,
    surroundings: {
      environment: config?.environment ?? null,
      node: process.versions.node,
      platform: `${platform()} ${arch()}`,
      cpus: availableParallelism(),
      memory_mb: Math.round(totalmem() / 2 ** 20),
      database: config && (config.databaseUrl === null ? 'embedded' : 'server'),
    },
    configuration: config === null ? 'not usable' : configurationHash(config),
    commit: await commitOf(projectFolder),
    seal,
    shelf: readinessShelf(config, seal),
    tools: {
      program: [first, ...flags, join(projectFolder, 'src/main.ts')],
      // Optimising the embedded database's WebAssembly is half the work of a start.
      brief: [first, ...flags, '--liftoff-only', join(projectFolder, 'src/main.ts')],
      environment: bareEnvironment(),
      projectFolder,
    },
  };
}

/** Where reports are kept. */
function readinessShelf(
  config: Pick<Config, 'readinessStorage' | 'dataDir' | 's3PathStyle'> | null,
  seal: Seal | null,
): ReportShelf {
  const location = config?.readinessStorage ?? join(config?.dataDir ?? defaults.dataDir.fallback, 'readiness');
  return createReportShelf(createObjectStorage(location, { pathStyle: config?.s3PathStyle ?? false }), seal);
}

/** What the server shows of the reports. */
export async function readinessOf(config: Config): Promise<Readiness> {
  return createReadiness(readinessShelf(config, sealOf(await installationSecret(config))));
}

/** HMAC-SHA256 under a key that follows from SECRET_KEY: whoever changes a report has to know it. */
function sealOf(secretKey: string): Seal {
  const key = Buffer.from(hkdfSync('sha256', secretKey, '', 'parley:readiness:v1', 32));
  return (hash) => createHmac('sha256', key).update(hash).digest('base64url');
}

async function settingsAsTheyAre(): Promise<{ config: Config | null; faults: readonly string[] }> {
  try {
    return { config: await loadConfig(), faults: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { config: null, faults: error.faults };
  }
}

/** Of a release without its history, its version. Changes that are not committed are told. */
async function commitOf(folder: string): Promise<string> {
  const git = (...args: string[]) => run('git', ['-C', folder, ...args], { env: bareEnvironment() });
  try {
    const { stdout: commit } = await git('rev-parse', 'HEAD');
    const { stdout: changes } = await git('status', '--porcelain', '--untracked-files=no');
    return `${commit.trim()}${changes.trim() === '' ? '' : ' with changes'}`;
  } catch {
    return `release ${version}`;
  }
}

async function backupsOf(config: Config): Promise<{ taken_at: string; tried: boolean }[]> {
  const location = config.backupStorage ?? join(config.dataDir, 'backups');
  const storage = createObjectStorage(location, { pathStyle: config.s3PathStyle });
  const keys = new Set(await Array.fromAsync(storage.list('')));
  const found = [...keys].filter((key) => key.endsWith('-whole/backup.json') || /-whole-\w+\/backup\.json$/.test(key));
  const read = await Promise.all(
    found.map(async (key) => {
      const { taken_at } = JSON.parse((await storage.get(key))?.toString() ?? '{}') as { taken_at?: string };
      return { taken_at: taken_at ?? '', tried: keys.has(key.replace('backup.json', 'restored.json')) };
    }),
  );
  return read.sort((a, b) => (a.taken_at < b.taken_at ? 1 : -1));
}
