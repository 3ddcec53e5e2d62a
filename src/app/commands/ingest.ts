import { realpath } from 'node:fs/promises';
import { findTenantBySlug } from '../../features/tenancy/index.ts';
import { loadConfig } from '../config.ts';
import { CommandError } from '../failures.ts';
import { prepareDatabase } from '../installation.ts';
import { openCommandLog, openServices } from '../open.ts';
import { untilSignal } from '../shutdown.ts';
import { FolderProgressBar, failureLines } from './folder-progress.ts';

/** `parley ingest`: makes a tenant's documents what a folder holds. The embedded database must not be served meanwhile. */
export async function runIngest(given: string, options: { tenant: string; allowEmpty?: boolean }): Promise<void> {
  const folder = await realpath(given).catch(() => {
    throw new CommandError(`There is no folder "${given}".`);
  });
  const services = await openServices(await loadConfig(), openCommandLog());
  const stop = new AbortController();
  void untilSignal().then(() => stop.abort(new CommandError('Stopped. What was read so far is kept.', 130)));
  try {
    await prepareDatabase(services);
    const tenant = await findTenantBySlug(services.database.db, options.tenant);
    if (!tenant) throw new CommandError(`There is no tenant "${options.tenant}".`);
    await services.queue.start(services.documents.jobs, { work: false });
    const bar = new FolderProgressBar(process.stderr.isTTY);
    const context = {
      tenant: { id: tenant.id, slug: tenant.slug },
      userId: null,
      signal: stop.signal,
      allowEmpty: options.allowEmpty === true,
    };
    const report = await services.documents.ingestFolder(context, folder, (progress) => bar.show(progress));
    bar.end();
    process.stderr.write(failureLines(report).join(''));
    const { ready, unchanged, removed, failed, kept } = report;
    if (kept > 0) throw new CommandError(emptyFolder(given, kept), 1);
    process.stdout.write(`${ready} read, ${unchanged} unchanged, ${removed} removed, ${failed.length} failed\n`);
    if (failed.length > 0) process.exitCode = 1;
  } finally {
    await services.queue.stop(0);
    await services.documents.close();
    await services.database.close();
  }
}

function emptyFolder(given: string, kept: number): string {
  const was =
    kept === 1 ? 'The document that was read from there is' : `The ${kept} documents that were read from there are`;
  return `There is no document in "${given}" any more. ${was} kept: is a disk not mounted? To remove them all, add --allow-empty.`;
}
