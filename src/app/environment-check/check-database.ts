import { access, constants, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Database } from '../../platform/database/database.ts';
import { loadOwnMigrations } from '../../platform/database/migrations/installation.ts';
import { describeFaults, platformTarget, readMigrationState } from '../../platform/database/migrations/migrator.ts';
import { openDatabase } from '../../platform/database/open-database.ts';
import { createRedis } from '../../platform/redis/redis.ts';
import type { Config } from '../config.ts';
import { explain } from '../failures.ts';
import { openCommandLog } from '../open.ts';
import { checkOtherDatabases } from './check-other-databases.ts';
import { readAbilities } from './database-abilities.store.ts';
import type { Finding } from './finding.ts';

const LEAST_POSTGRES = 150_000;
const LEAST_FREE = 64 * 1024 * 1024;

/** Reachability, version, rights and migrations; nothing is changed. */
export async function checkDatabase(config: Config | null): Promise<readonly Finding[]> {
  if (config === null) return [{ kind: 'warning', text: 'not tried, because the settings are not usable' }];
  const database = config.databaseUrl === null ? await checkFolder(config.dataDir) : await checkServer(config);
  return [...database, ...(await checkRedis(config.redisUrl))];
}

/** The embedded database is not opened: a server may be at work on it. */
async function checkFolder(dataDir: string): Promise<Finding[]> {
  const folder = resolve(dataDir);
  const existing = await nearestExisting(folder);
  const writable = await access(existing, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!writable) return [{ kind: 'fault', text: `${existing} is not writable; DATA_DIR names another folder` }];
  const { bavail, bsize } = await statfs(existing);
  const free = Math.floor((bavail * bsize) / 2 ** 20);
  if (bavail * bsize < LEAST_FREE)
    return [{ kind: 'fault', text: `only ${free} MB are free on the disk of ${folder}` }];
  return [{ kind: 'ok', text: `embedded, in ${folder}, ${free} MB free` }];
}

async function nearestExisting(folder: string): Promise<string> {
  for (let path = folder; ; path = dirname(path)) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere || path === dirname(path)) return path;
  }
}

async function checkServer(config: Config): Promise<Finding[]> {
  const connect = (url: string | null) =>
    openDatabase({
      url,
      embeddedFolder: null,
      poolSize: 1,
      poolTimeout: Math.min(config.databasePoolTimeout, 5_000),
      statementTimeout: config.statementTimeout,
      prepareStatements: false,
      applicationName: 'parley-env',
      onError: () => undefined,
    });
  const database = await connect(config.databaseUrl);
  try {
    return [
      ...(await checkAbilities(database)),
      ...(await checkMigrations(database)),
      ...(await checkOtherDatabases(config, { primary: database, connect })),
    ];
  } catch (error) {
    return [{ kind: 'fault', text: explain(error).message }];
  } finally {
    await database.close().catch(() => undefined);
  }
}

async function checkAbilities({ db }: Database): Promise<Finding[]> {
  const { version, versionText, hasVector, mayCreateRoles, mayCreateSchemas } = await readAbilities(db);
  const findings: Finding[] = [];
  const tell = (well: boolean, text: string, fault: string) =>
    findings.push(well ? { kind: 'ok', text } : { kind: 'fault', text: fault });
  tell(version >= LEAST_POSTGRES, `PostgreSQL ${versionText}`, `PostgreSQL ${versionText} is too old: 15 is the least`);
  tell(hasVector, 'pgvector', 'the database has no pgvector: CREATE EXTENSION vector SCHEMA public, as a superuser');
  tell(mayCreateRoles, 'may create roles', 'the role may not create roles: ALTER ROLE … CREATEROLE, as a superuser');
  tell(mayCreateSchemas, 'may create schemas', 'the role may not create schemas: ALTER DATABASE … OWNER TO …');
  return findings;
}

async function checkMigrations({ db }: Database): Promise<Finding[]> {
  const state = await readMigrationState(db, platformTarget, await loadOwnMigrations());
  if (state.faults.length > 0) return [{ kind: 'fault', text: describeFaults(state) }];
  if (state.applied.length === 0) return [{ kind: 'warning', text: 'not migrated yet: npx parley migrate up' }];
  if (state.pending.length === 0) return [{ kind: 'ok', text: `${state.applied.length} migrations are applied` }];
  return [{ kind: 'fault', text: `${state.pending.length} migration(s) are pending: npx parley migrate up` }];
}

async function checkRedis(url: string | null): Promise<Finding[]> {
  if (url === null) return [];
  const redis = createRedis(url, openCommandLog());
  try {
    await redis.connect();
    await redis.check();
    return [{ kind: 'ok', text: 'Redis answers' }];
  } catch {
    return [{ kind: 'fault', text: 'Redis does not answer. Check REDIS_URL; without it everything works, too' }];
  } finally {
    redis.close();
  }
}
