import { removeAbandonedScratch } from '../../platform/storage/scratch-folder.ts';
import { loadConfig } from '../config.ts';
import { CommandError, EXIT } from '../failures.ts';
import { prepareDatabase } from '../installation.ts';
import { jobsOf } from '../jobs.ts';
import { openServices } from '../open.ts';
import { shutDown, untilSignal } from '../shutdown.ts';
import { endOnFaults, openTelemetry } from '../telemetry.ts';

/** `parley worker`: jobs and the takeover of runs, beside servers on the same database. */
export async function runWorker(): Promise<void> {
  const config = await loadConfig();
  if (config.databaseUrl === null) {
    throw new CommandError(
      'A worker needs DATABASE_URL: the embedded database has room for one process, the server.',
      EXIT.config,
    );
  }
  const telemetry = await openTelemetry(config);
  const { log, tracing } = telemetry;
  endOnFaults(telemetry);
  const services = await openServices(config, log, tracing);
  const ended = untilSignal();
  void removeAbandonedScratch();
  await prepareDatabase(services);
  await services.queue.start(jobsOf(services), { work: true });
  await services.usage.start();
  await services.embeddings.start();
  await services.chat.engine.start();
  services.memory.look.begin();
  // Of a tenant that is suspended, whoever was let in before is not any more.
  await services.tenancy.lifecycle.listen();
  log.info('the worker works');
  await ended;
  await shutDown(services, null, () => undefined);
  await telemetry.reports?.close();
}
