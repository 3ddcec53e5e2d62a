import { createFirstOperator } from '../../features/identity/index.ts';
import { readConfig } from '../config.ts';
import { prepareDatabase } from '../installation.ts';
import { openLog, openServices } from '../open.ts';
import { createServer } from '../server.ts';
import type { Services } from '../services.ts';
import { shipDocuments } from '../shipped-documents.ts';
import { shutDown, untilSignal } from '../shutdown.ts';

/** `parley serve`: API, console, and unless told otherwise the jobs too, until a signal. */
export async function runServe(): Promise<void> {
  const config = readConfig();
  const log = openLog(config);
  const services = await openServices(config, log);
  const ended = untilSignal();
  let draining = false;
  await prepareDatabase(services);
  const app = await createServer(services, () => draining);
  await services.queue.start(services.documents.jobs, { work: config.workers });
  await services.chat.engine.start();
  const credential = await createFirstOperator(services.identity);
  const address = await app.listen({ port: config.port, host: config.host });
  greet(services, address, credential);
  if (credential) await shipDocuments(services);
  const signal = await ended;
  log.info({ signal }, 'a signal came');
  await shutDown(services, app, () => {
    draining = true;
  });
}

type Credential = Awaited<ReturnType<typeof createFirstOperator>>;

/** On standard output, for the person who started it: the log is on standard error. */
function greet({ config }: Services, address: string, credential: Credential): void {
  const shown = address.replace('127.0.0.1', 'localhost').replace('0.0.0.0', 'localhost').replace('[::1]', 'localhost');
  const lines = ['', `  Parley is at ${shown}`, ''];
  if (credential) {
    lines.push(
      '  Your first credential. It is shown this once:',
      '',
      `    e-mail    ${credential.email}`,
      `    password  ${credential.password}`,
      '',
    );
  }
  lines.push(
    `  Reference of the API: ${shown}/docs`,
    `  Data: ${config.databaseUrl === null ? config.dataDir : 'PostgreSQL'}`,
    '',
  );
  process.stdout.write(`${lines.join('\n')}\n`);
}
