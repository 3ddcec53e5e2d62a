import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { serveKeeper } from '../keeper.ts';
import { findPostgres, type PostgresInstallation } from '../postgres/installation.ts';
import { makeOwnedFolder } from '../postgres/owned-folder.ts';
import { type ServerTemplate, templateOnCluster, templateOnServer } from './server-template.ts';
import { serveSources } from './source.ts';

/** Vitest's global set-up: finds out which databases the tests can have, and hands them out when the first test asks. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL;
  const found = given ? null : await findPostgres();
  const missing = typeof found === 'string' ? found : null;
  if (missing !== null) report(missing);

  const folder = await makeOwnedFolder();
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  const prefix = `parley_test_${randomBytes(4).toString('hex')}_`;
  const server = once(() => startServer(given, found, prefix));
  const embedded = once(async () => (await import('./embedded-template.ts')).embeddedTemplate());
  const installation = once(async () => (await import('./installation-template.ts')).installationTemplate(folder));
  const serverInstallation = once(async () =>
    (await import('./installation-template.ts')).serverInstallation(await server.get(), folder),
  );
  const socket = join(folder, 'source');
  const sources = {
    server: server.get,
    embedded: embedded.get,
    installation: installation.get,
    serverInstallation: serverInstallation.get,
  };
  const stopServing = await serveSources(socket, sources);
  const stopKeeping = await serveKeeper(join(folder, 'keeper'));
  project.provide('databaseSource', { socket, prefix, missing });

  return async () => {
    await stopServing();
    await stopKeeping();
    await (await server.made?.catch(() => null))?.remove();
    process.off('exit', removeFolder);
    removeFolder();
  };
}

/** A run that lacks half of its suites must not look like a whole one. */
function report(missing: string): void {
  const how = 'Run `bash scripts/test-setup.sh` as root, or set TEST_DATABASE_URL.';
  if (process.env.CI === 'true') throw new Error(`No server database for the tests: ${missing}. ${how}`);
  process.stderr.write(`\n  SKIPPED: every suite on the server database, because ${missing}. ${how}\n\n`);
}

async function startServer(
  given: string | undefined,
  found: PostgresInstallation | string | null,
  prefix: string,
): Promise<ServerTemplate> {
  if (given) return templateOnServer(given, prefix);
  if (found === null || typeof found === 'string') throw new Error(`There is no server database: ${found}.`);
  return templateOnCluster(found, prefix);
}

function once<T>(make: () => Promise<T>): { get(): Promise<T>; readonly made: Promise<T> | null } {
  let made: Promise<T> | null = null;
  return {
    get: () => {
      made ??= make();
      return made;
    },
    get made() {
      return made;
    },
  };
}
