import { pino } from 'pino';
import { readConfig } from '../../src/app/config.ts';
import { jobsOf } from '../../src/app/jobs.ts';
import { createServer } from '../../src/app/server.ts';
import { createServices, type ServiceOverrides, type Services } from '../../src/app/services.ts';
import type { Database } from '../../src/platform/database/database.ts';
import type { App } from '../../src/platform/http/server.ts';

/** The whole HTTP surface in this process, as `parley serve` builds it, with its own limits and without its jobs and a
 * port. The database is the caller's. */
export type TestApp = AsyncDisposable & { app: App; services: Services };

export async function openApp(
  database: Database,
  settings: Record<string, string> = {},
  overrides: ServiceOverrides = {},
): Promise<TestApp> {
  const config = readConfig({
    ENVIRONMENT: 'test',
    SECRET_KEY: 'a-secret-of-this-test-and-no-other',
    UNPRICED_MODELS: 'allow',
    // Tests count what a model is asked.
    CHAT_TITLES: 'question',
    ...settings,
  });
  const services = await createServices(config, pino({ enabled: false }), database, overrides);
  await services.redis?.connect();
  await services.queue.start(jobsOf(services), { work: false });
  await services.chat.engine.start();
  const app = await createServer(services, () => false);
  const dispose = async () => {
    await app.close();
    await services.chat.engine.stop(0);
    await services.queue.stop(0);
    services.redis?.close();
  };
  return { app, services, [Symbol.asyncDispose]: dispose };
}
