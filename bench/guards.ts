import http from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { pino } from 'pino';
import { readConfig } from '../src/app/config.ts';
import { migrateAll } from '../src/app/installation.ts';
import { jobsOf } from '../src/app/jobs.ts';
import { createServer } from '../src/app/server.ts';
import { createServices, type Services } from '../src/app/services.ts';
import { chatRoutes } from '../src/features/chat/index.ts';
import { authenticateToken, type Principal } from '../src/features/identity/index.ts';
import type { App } from '../src/platform/http/server.ts';
import { compileValidator } from '../src/platform/http/validation.ts';
import { RAISED_LIMITS } from '../test/support/raised-limits.ts';
import { signUp } from './support/parley.ts';
import type { Row } from './support/report.ts';
import { openBenchDatabase } from './support/server-database.ts';

const REQUESTS = 3_000;

/**
 * What all guards together add to one request: the list of one's sessions as served, with request id, limits by address,
 * tenant and user, credential, role, origin, load shedding and metrics, beside the same route and query on a bare Fastify.
 * One request at a time, in turns, so that the machine's moods fall on both.
 */
export async function measureGuards({ requests = REQUESTS } = {}): Promise<Row[]> {
  const { database, close } = await openBenchDatabase('server');
  const config = readConfig({
    ENVIRONMENT: 'test',
    SECRET_KEY: 'a secret for measuring, and nothing else',
    ...RAISED_LIMITS,
  });
  const services = await createServices(config, pino({ enabled: false }), database);
  await migrateAll(services);
  await services.queue.start(jobsOf(services), { work: false });
  const guarded = await createServer(services, () => false);
  const guardedUrl = await guarded.listen({ port: 0, host: '127.0.0.1' });
  const token = await signUp(guardedUrl);
  const bare = await serveBare(services, await authenticateToken(services.identity, token));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const ask = (app: App) => () => timeOf(agent, (app.server.address() as AddressInfo).port, token);
    const [ours, reference] = await inTurns(ask(guarded), ask(bare), requests);
    return [50, 99].map((percent) => {
      const [mine, theirs] = [percentile(ours, percent), percentile(reference, percent)];
      const goal = percent === 50 ? { goal: '+1 at most' } : {};
      return { what: `a request, p${percent}, ms`, ours: mine, reference: theirs, difference: mine - theirs, ...goal };
    });
  } finally {
    agent.destroy();
    await Promise.all([guarded.close(), bare.close()]);
    await services.queue.stop(0);
    await services.documents.close();
    await close();
  }
}

/** The chat's routes and nothing around them: whoever asks is `principal`. */
async function serveBare({ chat, metrics }: Services, principal: Principal): Promise<App> {
  const app = Fastify() as unknown as App;
  app.setValidatorCompiler(compileValidator);
  app.decorateRequest('principal', null as never);
  app.addHook('onRequest', async (request) => {
    request.principal = principal;
  });
  chatRoutes(app, chat, metrics);
  await app.listen({ port: 0, host: '127.0.0.1' });
  return app;
}

async function inTurns(
  one: () => Promise<number>,
  other: () => Promise<number>,
  count: number,
): Promise<[number[], number[]]> {
  const times: [number[], number[]] = [[], []];
  // The first ones compile.
  for (let turn = -500; turn < count; turn += 1) {
    const [mine, theirs] = [await one(), await other()];
    if (turn < 0) continue;
    times[0].push(mine);
    times[1].push(theirs);
  }
  return times;
}

function timeOf(agent: http.Agent, port: number, token: string): Promise<number> {
  const began = performance.now();
  const headers = { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/v1/sessions', agent, headers };
    http
      .get(options, (response) => {
        response.resume();
        response.on('end', () =>
          response.statusCode === 200
            ? resolve(performance.now() - began)
            : reject(new Error(`${response.statusCode}`)),
        );
      })
      .on('error', reject);
  });
}

function percentile(times: readonly number[], percent: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * (percent / 100))] ?? Number.NaN;
}
