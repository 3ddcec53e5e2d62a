import type { App } from '../platform/http/server.ts';
import type { Services } from './services.ts';

/** Ends in order: refuse new requests, let streams and jobs finish, hand over what is left, close the database. */
export async function shutDown(services: Services, app: App | null, stopAccepting: () => void): Promise<void> {
  const { config, log, chat, queue, documents, database } = services;
  const timeout = config.shutdownTimeout;
  log.info({ active_runs: chat.engine.activeRunCount }, 'stopping');
  stopAccepting();
  await Promise.all([chat.engine.stop(timeout), queue.stop(timeout)]);
  // Streams of runs have had their last event, or are cut here and can be resumed elsewhere.
  app?.server.closeIdleConnections();
  const closed = app?.close();
  app?.server.closeAllConnections();
  await closed;
  await documents.close();
  services.embeddings.stop();
  await services.memory.live.stop();
  await services.usage.stop();
  services.redis?.close();
  await services.guardedFetch.close();
  await services.reads.close();
  await database.close();
  await services.tracing?.close();
  log.info('stopped');
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Resolves at the first signal to end. A second one ends the process at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of SIGNALS) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(130));
        resolve(signal);
      });
    }
  });
}
