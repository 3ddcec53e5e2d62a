import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { readConfig } from '../../src/app/config.ts';
import { jobsOf } from '../../src/app/jobs.ts';
import { createServer } from '../../src/app/server.ts';
import { createServices, type ServiceOverrides, type Services } from '../../src/app/services.ts';
import type { App } from '../../src/platform/http/server.ts';
import type { TestDatabase } from './databases.ts';
import { RAISED_LIMITS } from './raised-limits.ts';

export type ServedApp = { app: App; services: Services /** Where it listens. */; url: string; stop(): Promise<void> };

export type ServedAppOptions = ServiceOverrides & { settings?: Record<string, string> };

/** The whole program on a test database, listening on a free port, in this process. */
export async function startApp(database: TestDatabase, options: ServedAppOptions = {}): Promise<ServedApp> {
  const { settings, ...overrides } = options;
  // Not the folder of whoever runs the tests, nor another app's: what is deleted leaves its entries there.
  const folder = await mkdtemp(join(tmpdir(), 'parley-served-'));
  const environment = {
    ENVIRONMENT: 'test',
    SECRET_KEY: 'a secret of the tests, forty characters long',
    DATA_DIR: folder,
    ...RAISED_LIMITS,
  };
  const config = readConfig({ ...environment, ...settings });
  const services = await createServices(config, pino({ level: 'silent' }), database.database, overrides);
  const app = await createServer(services, () => false);
  await services.queue.start(jobsOf(services), { work: true });
  await services.chat.engine.start();
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const stop = async () => {
    await services.chat.engine.stop(0);
    await services.queue.stop(1000);
    app.server.closeAllConnections();
    await app.close();
    await services.chat.engine.stop(0);
    await services.documents.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { app, services, url, stop };
}
