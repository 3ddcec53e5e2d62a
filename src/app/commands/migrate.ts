import { migrateTenants, migrationTargetOf, readTenantStates, takeBackTenants } from '../../features/tenancy/index.ts';
import {
  describeFaults,
  type MigrationState,
  migrateDown,
  platformTarget,
  readMigrationState,
} from '../../platform/database/migrations/migrator.ts';
import { loadConfig } from '../config.ts';
import { CommandError } from '../failures.ts';
import { assertWhole, migrateAll } from '../installation.ts';
import { migrationLimitsOf } from '../migration-settings.ts';
import { openServices } from '../open.ts';
import type { Services } from '../services.ts';
import { openLog } from '../telemetry.ts';
import { say, untilInterrupted } from './long-work.ts';

/** `parley migrate status`: exit code 1 when something is pending, failed or unusable. */
export async function migrateStatusCommand(): Promise<void> {
  await withServices(async ({ database, migrations }) => {
    const platform = await readMigrationState(database.db, platformTarget, migrations);
    const tenants = platform.applied.length > 0 ? await readTenantStates(database, migrations) : [];
    say(describe(platform, null));
    for (const tenant of tenants) say(describe(tenant, tenant.migration_error));
    const clean = [platform, ...tenants].every(({ pending, faults }) => pending.length === 0 && faults.length === 0);
    if (!clean) process.exitCode = 1;
  });
}

/** `parley migrate up`: exit code 1 when a tenant failed; the others are migrated all the same. */
export async function migrateUpCommand(): Promise<void> {
  await withServices(async (services) => {
    await assertWhole(services);
    const { platform, tenants } = await migrateAll(services, untilInterrupted());
    say(`platform: ${applied(platform)}`);
    for (const tenant of tenants) say(`tenant ${tenant.slug}: ${tenant.error ?? applied(tenant.applied)}`);
    if (tenants.some(({ error }) => error !== null)) process.exitCode = 1;
  });
}

/** `parley migrate down`: with `schema` its last migration; with `to` all behind that number, in every schema. */
export async function migrateDownCommand({ schema, to }: { schema?: string; to?: string }): Promise<void> {
  if ((schema === undefined) === (to === undefined)) {
    throw new CommandError('Give --schema NAME for its last migration, or --to NUMBER for every schema.');
  }
  await withServices((services) =>
    to === undefined ? takeBackLast(services, schema ?? '') : takeBackTo(services, to),
  );
}

async function takeBackLast({ config, database, migrations }: Services, schema: string): Promise<void> {
  const target = schema === 'platform' ? platformTarget : migrationTargetOf({ slug: slugOf(schema) });
  const id = await migrateDown(database, target, migrations, { limits: migrationLimitsOf(config) });
  say(id === null ? `${schema}: nothing is applied` : `${schema}: took back ${id}`);
}

/** Tenants first: what the platform has is older than what they have of the same version. */
async function takeBackTo({ config, database, migrations }: Services, to: string): Promise<void> {
  const above = migrations.find(({ id }) => id.slice(0, 4) === to || id === to)?.id;
  if (above === undefined) throw new CommandError(`"${to}" is the number of no migration; see: parley migrate status`);
  const limits = migrationLimitsOf(config);
  for (const { slug, taken } of await takeBackTenants(database, migrations, { above, limits })) {
    say(`tenant ${slug}: ${takenBack(taken)}`);
  }
  const taken: string[] = [];
  for (;;) {
    const id = await migrateDown(database, platformTarget, migrations, { above, limits });
    if (id === null) break;
    taken.push(id);
  }
  say(`platform: ${takenBack(taken)}`);
}

function takenBack(ids: readonly string[]): string {
  return ids.length === 0 ? 'nothing to take back' : `took back ${ids.join(', ')}`;
}

export async function migrateTenantCommand(slug: string): Promise<void> {
  await withServices(async ({ config, database, migrations }) => {
    const options = { only: [slug], limits: migrationLimitsOf(config) };
    const [result] = await migrateTenants(database, migrations, options);
    if (!result) throw new CommandError(`There is no tenant "${slug}".`, 1);
    say(`tenant ${slug}: ${result.error ?? applied(result.applied)}`);
    if (result.error !== null) process.exitCode = 1;
  });
}

async function withServices(work: (services: Services) => Promise<void>): Promise<void> {
  const config = await loadConfig();
  // Around a pooler, which would hand the connection on while an index is built on it.
  const direct = { ...config, databaseUrl: config.databaseDirectUrl ?? config.databaseUrl };
  const services = await openServices(direct, openLog(config));
  try {
    await work(services);
  } finally {
    await services.database.close();
  }
}

function slugOf(schema: string): string {
  if (!schema.startsWith('tenant_'))
    throw new CommandError(`"${schema}" is no schema of ours: platform, or tenant_<slug>.`);
  return schema.slice('tenant_'.length);
}

function applied(ids: readonly string[]): string {
  return ids.length === 0 ? 'up to date' : `applied ${ids.join(', ')}`;
}

function describe(state: MigrationState, error: string | null): string {
  const words = [`${state.applied.length} applied`];
  if (state.pending.length > 0) words.push(`pending: ${state.pending.join(', ')}`);
  if (state.faults.length > 0) words.push(describeFaults(state));
  if (error !== null) words.push(`last try failed: ${error}`);
  return `${state.schema}: ${words.join('; ')}`;
}
