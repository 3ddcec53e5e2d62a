import { readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { openEmbeddedDatabase } from '../../../src/platform/database/embedded/open-embedded-database.ts';
import { overEmbedded } from '../../../src/platform/database/open-database.ts';
import { makeOwnedFolder, testRoot } from '../postgres/owned-folder.ts';
import { withoutOtherDatabases } from './lean-archive.ts';
import { prepareTemplate, templateVersion } from './template.ts';

const PREFIX = 'embedded-';
/** Since its last use. Every change of the migrations makes another, of 26 MB. */
const KEPT_MS = 3600 * 1000;

/** A dump of a prepared embedded database, kept for all runs on the same migrations: making it takes 4 s. As a plain archive,
 * since to unpack it would be a fifth of each opening. */
export async function embeddedTemplate(): Promise<{ dump: string }> {
  const dump = join(await testRoot(), `${PREFIX}${await templateVersion()}.tar`);
  if (await exists(dump)) {
    await utimes(dump, new Date(), new Date());
  } else {
    await removeOld();
    await make(dump);
  }
  return { dump };
}

async function make(target: string): Promise<void> {
  const embedded = await openEmbeddedDatabase({ dataDir: null, durable: false });
  await prepareTemplate(overEmbedded(embedded));
  const folder = await makeOwnedFolder();
  await writeFile(join(folder, 'dump'), withoutOtherDatabases(gunzipSync(await embedded.dump())));
  // Whole or not at all, because other runs look for it.
  await rename(join(folder, 'dump'), target);
  await rm(folder, { recursive: true });
  await embedded.close();
}

async function removeOld(): Promise<void> {
  const root = await testRoot();
  for (const name of await readdir(root)) {
    if (!name.startsWith(PREFIX)) continue;
    const { mtimeMs } = await stat(join(root, name));
    if (Date.now() - mtimeMs > KEPT_MS) await rm(join(root, name), { force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
