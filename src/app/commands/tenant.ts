import { createWriteStream } from 'node:fs';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { PROVIDER_KEY } from '../../ai/own-keys.ts';
import {
  ArchiveError,
  findTenantBySlug,
  listTenants,
  readArchive,
  writeArchive,
} from '../../features/tenancy/index.ts';
import { ApiError } from '../../platform/http/errors.ts';
import { loadConfig } from '../config.ts';
import { CommandError } from '../failures.ts';
import { prepareDatabase } from '../installation.ts';
import { openCommandLog, openServices } from '../open.ts';
import type { Services } from '../services.ts';

/** `parley tenant …`: for the operator at the machine. The embedded database must not be served meanwhile. */

export async function runTenantCreate(name: string, options: { slug?: string; owner?: string }): Promise<void> {
  await withServices(async ({ tenancy }) => {
    const input = { name, slug: options.slug, ownerEmail: options.owner };
    const { id, slug } = await tenancy.lifecycle.create(input, null);
    say(`The tenant ${slug} is made (${id}).`);
  });
}

export async function runTenantList(): Promise<void> {
  await withServices(async ({ database }) => {
    for (const { slug, status, name, migration_error } of await listTenants(database.db)) {
      say(`${slug}\t${migration_error === null ? status : 'not migrated'}\t${name}`);
    }
  });
}

export async function runTenantSuspend(slug: string, { reason }: { reason?: string }): Promise<void> {
  await withTenant(slug, async ({ tenancy }, { id }) => {
    await tenancy.lifecycle.suspend(id, reason ?? null, null);
    say(`The tenant ${slug} is suspended: nobody but operators gets in.`);
  });
}

export async function runTenantResume(slug: string): Promise<void> {
  await withTenant(slug, async ({ tenancy }, { id }) => {
    await tenancy.lifecycle.resume(id, null);
    say(`The tenant ${slug} is active.`);
  });
}

export async function runTenantExport(slug: string, file: string): Promise<void> {
  await withTenant(slug, async ({ database, tenancy }, tenant) => {
    const archive = writeArchive(database, tenant, await tenancy.settings.list(tenant), new AbortController().signal);
    await pipeline(archive, createWriteStream(file, { mode: 0o600, flags: 'wx' }));
    say(`The tenant ${slug} is in ${file}.`);
  });
}

export async function runTenantImport(file: string, options: { slug?: string; name?: string }): Promise<void> {
  await withServices(async ({ database, migrations }) => {
    const { tenant, rows, missingMembers } = await readArchive(database, migrations, file, options);
    const total = Object.values(rows).reduce((sum, count) => sum + count, 0);
    say(`The tenant ${tenant.slug} is made of ${total} rows (${tenant.id}).`);
    if (missingMembers.length > 0) say(`Without an account here, so not in it: ${missingMembers.join(', ')}`);
  });
}

export async function runTenantDelete(slug: string, { confirm }: { confirm: string }): Promise<void> {
  await withTenant(slug, async ({ tenancy }, { id }) => {
    say(JSON.stringify(await tenancy.lifecycle.remove(id, confirm, null), null, 2));
  });
}

export async function runTenantKeys(slug: string): Promise<void> {
  await withTenant(slug, async ({ tenancy }, tenant) => {
    for (const { provider, address, hint, setAt } of await tenancy.providerKeys.list(tenant)) {
      say(`${provider}\t${setAt === null ? '–' : `…${hint} since ${setAt.toISOString()}`}\t${address}`);
    }
  });
}

/** The key comes by standard input: as an argument every user of the machine could read it. */
export async function runTenantKey(slug: string, provider: string, { remove }: { remove?: boolean }): Promise<void> {
  const key = remove ? '' : await readKey();
  await withTenant(slug, async ({ tenancy }, tenant) => {
    if (remove) {
      await tenancy.providerKeys.remove(tenant, provider, null);
      say(`The tenant ${slug} has no key of its own for ${provider} any more.`);
    } else {
      await tenancy.providerKeys.set(tenant, provider, key, null);
      say(`The tenant ${slug} asks ${provider} with a key of its own.`);
    }
  });
}

async function readKey(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Paste the key, then Enter and Ctrl-D: ');
  const key = (await text(process.stdin)).trim();
  if (new RegExp(PROVIDER_KEY).test(key)) return key;
  throw new CommandError('Give the key by standard input: 8 to 500 characters without spaces.', 1);
}

type Found = NonNullable<Awaited<ReturnType<typeof findTenantBySlug>>>;

async function withTenant(slug: string, work: (services: Services, tenant: Found) => Promise<void>): Promise<void> {
  await withServices(async (services) => {
    const tenant = await findTenantBySlug(services.database.db, slug);
    if (!tenant) throw new CommandError(`There is no tenant "${slug}"; parley tenant list names them.`, 1);
    await work(services, tenant);
  });
}

async function withServices(work: (services: Services) => Promise<void>): Promise<void> {
  const services = await openServices(await loadConfig(), openCommandLog());
  try {
    await prepareDatabase(services);
    await work(services);
  } catch (error) {
    throw error instanceof ApiError || error instanceof ArchiveError ? new CommandError(error.message, 1) : error;
  } finally {
    await services.documents.close();
    await services.database.close();
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
