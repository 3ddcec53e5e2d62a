import { createHash } from 'node:crypto';
import { realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoggedEvent } from '../../features/chat/index.ts';
import type { Principal } from '../../features/identity/index.ts';
import { createTenant, findTenantBySlug, type Tenant } from '../../features/tenancy/index.ts';
import { newId } from '../../platform/id.ts';
import { type Config, loadConfig } from '../config.ts';
import { CommandError } from '../failures.ts';
import { migrateAll } from '../installation.ts';
import { openCommandLog, openServices } from '../open.ts';
import type { Services } from '../services.ts';
import { untilSignal } from '../shutdown.ts';
import { type AskedAnswer, citationLines, collectAnswer } from './asked-answer.ts';
import { FolderProgressBar, failureLines } from './folder-progress.ts';

type AskOptions = { docs: string; model?: string; json?: boolean; fresh?: boolean };

/** `parley ask`: one question over a folder, in a database of its own beside DATA_DIR, so that asking again is quick. */
export async function runAsk(question: string, options: AskOptions): Promise<void> {
  const folder = await realpath(options.docs).catch(() => {
    throw new CommandError(`There is no folder "${options.docs}".`);
  });
  const config = configFor(await loadConfig(), folder);
  if (options.fresh) await rm(config.dataDir, { recursive: true, force: true });
  const services = await openServices(config, openCommandLog());
  try {
    const answer = await ask(services, question, folder, options);
    if (options.json) process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
    if (answer.status !== 'completed') process.exitCode = 1;
  } finally {
    await services.chat.engine.stop(0);
    await services.queue.stop(0);
    await services.documents.close();
    await services.database.close();
  }
}

function configFor(config: Config, folder: string): Config {
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  return { ...config, databaseUrl: null, dataDir: join(config.dataDir, 'ask', name) };
}

async function ask(services: Services, question: string, folder: string, options: AskOptions): Promise<AskedAnswer> {
  await migrateAll(services);
  await services.queue.start(services.documents.jobs, { work: false });
  await services.chat.engine.start();
  const stop = new AbortController();
  void untilSignal().then(() => stop.abort(new CommandError('Stopped.', 130)));
  const tenant = await askTenant(services);
  const principal = askPrincipal(tenant);
  const documents = await readFolder(services, tenant, folder, stop.signal, options.json ?? false);
  const session = await services.chat.sessions.create(principal, {});
  const run = await services.chat.runs.create(principal, session.id, {
    // Each asking is somebody new: nobody would ever recall it.
    memory: { mode: 'off' },
    input: question,
    ...(options.model !== undefined && { model: options.model }),
  });
  const events = await services.chat.runs.follow(principal, run.id, 0, stop.signal);
  const show = options.json ? () => undefined : (text: string) => void process.stdout.write(text);
  const answer = await collectAnswer(parsed(events), services, principal, show);
  stop.signal.throwIfAborted();
  if (!options.json) process.stdout.write(`\n${citationLines(answer).join('\n')}`);
  return { question, ...answer, documents };
}

async function readFolder(services: Services, tenant: Tenant, folder: string, signal: AbortSignal, quiet: boolean) {
  const bar = new FolderProgressBar(!quiet && process.stderr.isTTY);
  const context = { tenant, userId: null, signal };
  const report = await services.documents.ingestFolder(context, folder, (progress) => bar.show(progress));
  bar.end();
  if (!quiet) process.stderr.write(failureLines(report).join(''));
  if (report.ready + report.unchanged === 0) {
    throw new CommandError(`There is no readable document in "${folder}".`, 1);
  }
  const { ready, unchanged, removed, failed } = report;
  return { ready, unchanged, removed, failed };
}

async function* parsed(batches: AsyncIterable<readonly { json: string }[]>): AsyncGenerator<LoggedEvent> {
  for await (const lines of batches) for (const { json } of lines) yield JSON.parse(json) as LoggedEvent;
}

async function askTenant({ database, migrations }: Services): Promise<Tenant> {
  const slug = 'ask';
  const found = await findTenantBySlug(database.db, slug);
  return found ?? database.transaction((trx) => createTenant(trx, { name: 'Ask', slug }, migrations));
}

/** Whoever sits at the terminal. Each asking is somebody new, whose session nobody sees. */
function askPrincipal({ id, slug }: Tenant): Principal {
  return {
    userId: newId(),
    tenant: { id, slug },
    role: 'member',
    operator: false,
    via: 'access-token',
    apiKeyId: null,
    scopes: null,
  };
}
