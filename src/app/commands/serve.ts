import { createFirstOperator } from '../../features/identity/index.ts';
import { assertFree, listen } from '../../platform/http/listen.ts';
import { removeAbandonedScratch } from '../../platform/storage/scratch-folder.ts';
import { loadConfig } from '../config.ts';
import { prepareDatabase } from '../installation.ts';
import { jobsOf } from '../jobs.ts';
import { openServices } from '../open.ts';
import { createServer } from '../server.ts';
import type { Services } from '../services.ts';
import { shipDocuments } from '../shipped-documents.ts';
import { shutDown, untilSignal } from '../shutdown.ts';
import { endOnFaults, openTelemetry } from '../telemetry.ts';

/** `parley serve`: API, console, and unless told otherwise the jobs too, until a signal. */
export async function runServe(): Promise<void> {
  const config = await loadConfig();
  const telemetry = await openTelemetry(config);
  const { log, tracing } = telemetry;
  endOnFaults(telemetry);
  const services = await openServices(config, log, tracing);
  const ended = untilSignal();
  void removeAbandonedScratch();
  let draining = false;
  await prepareDatabase(services);
  await services.redis?.connect();
  const app = await createServer(services, () => draining);
  await services.queue.start(jobsOf(services), { work: config.workers });
  await services.usage.start();
  await services.chat.engine.start();
  services.memory.look.begin();
  await services.tenancy.lifecycle.listen();
  await services.forgetting.listen(() => {
    services.memory.forgetCaches();
    services.documents.forgetCaches();
  });
  await services.embeddings.start();
  await services.memory.live.start();
  // A credential that is shown once would be shown before a refusal, and to nobody's use.
  await assertFree(config);
  await beginInstallation(services);
  const address = await listen(app, config);
  tellAddress(services, address);
  warnOfUnpricedDefault(services);
  const signal = await ended;
  log.info({ signal }, 'a signal came');
  await shutDown(services, app, () => {
    draining = true;
  });
  await telemetry.reports?.close();
}

/** At the first start: an operator, whose credential is told at once and only now, and the documents about Parley. */
async function beginInstallation(services: Services): Promise<void> {
  const operator = await createFirstOperator(services.identity);
  if (!operator) return;
  say([
    '',
    '  Your first credential. It is shown this once:',
    '',
    `    e-mail    ${operator.email}`,
    `    password  ${operator.password}`,
  ]);
  await shipDocuments(services.documents, operator.principal);
}

function tellAddress({ config }: Services, address: string): void {
  const shown = address.replace(/127\.0\.0\.1|0\.0\.0\.0|\[::1?\]/, 'localhost');
  const kept = config.databaseUrl === null ? `in ${config.dataDir}` : 'on PostgreSQL';
  say(['', `  Parley is at  ${shown}`, '', `  The API's reference is at ${shown}/docs; the data is ${kept}.`, '']);
}

/** Better told at the start than by the refusal of every question. */
function warnOfUnpricedDefault({ config, models, usage, clock, log }: Services): void {
  const [first] = models.list();
  if (!first || first.id === 'extractive' || config.unpricedModels === 'allow') return;
  if (usage.prices.priceOf(first.id, clock.now().toISOString().slice(0, 10))) return;
  const remedy = 'give its price in PRICES_FILE, or allow such models by UNPRICED_MODELS=allow';
  log.warn({ model: first.id, remedy }, 'the default model has no price, so that its questions are refused');
}

/** On standard output, for the person who started it; the log goes to standard error. */
function say(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}
