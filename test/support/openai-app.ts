import OpenAI from 'openai';
import type { ChatModel } from '../../src/ai/chat-model.ts';
import type { Embedder } from '../../src/ai/embedder.ts';
import { type ModelRegistry, UnknownModelError } from '../../src/ai/model-registry.ts';
import { jobsOf } from '../../src/app/jobs.ts';
import { insertMembership } from '../../src/features/identity/identity.store.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { openApp, type TestApp } from './app.ts';
import { newAccount } from './identity.ts';
import { RAISED_LIMITS } from './raised-limits.ts';

/** Somebody with OpenAI's own client, which does not retry: tests see each answer. */
export type OpenaiUser = { client: OpenAI; token: string; userId: string; tenantId: string };

/** The whole server on a port, with models of the test. */
export type OpenaiApp = AsyncDisposable &
  Pick<TestApp, 'services'> & {
    address: string;
    /** Somebody new, in a tenant of their own or in the tenant of somebody else. */
    newUser(inTenantOf?: OpenaiUser, role?: 'member' | 'viewer'): Promise<OpenaiUser>;
  };

export async function openOpenaiApp(
  database: Database,
  models: Readonly<Record<string, ChatModel>>,
  { embedder = null, settings = {} }: { embedder?: Embedder | null; settings?: Record<string, string> } = {},
): Promise<OpenaiApp> {
  const opened = await openApp(database, { ...RAISED_LIMITS, ...settings }, { models: registryOf(models, embedder) });
  const { app, services } = opened;
  await services.queue.start(jobsOf(services), { work: false });
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  return {
    services,
    address,
    newUser: async (host, role = 'member') => {
      const account = newAccount();
      const made = await post(address, '/v1/auth/register', account);
      const tenantId = host?.tenantId ?? made.tenant.id;
      if (host) {
        const membership = { tenant_id: tenantId, user_id: made.user.id, role };
        await database.transaction((trx) => insertMembership(trx, membership));
      }
      const { email, password } = account;
      const tenant = host ? (await get(address, '/v1/auth/me', host.token)).tenant.slug : made.tenant.slug;
      const login = await post(address, '/v1/auth/login', { email, password, tenant });
      const token = login.access_token;
      const client = new OpenAI({ baseURL: `${address}/v1`, apiKey: token, maxRetries: 0 });
      return { client, token, tenantId, userId: made.user.id };
    },
    [Symbol.asyncDispose]: async () => {
      app.server.closeAllConnections();
      await services.queue.stop(1_000);
      await opened[Symbol.asyncDispose]();
    },
  };
}

function registryOf(models: Readonly<Record<string, ChatModel>>, embedder: Embedder | null): ModelRegistry {
  return {
    resolve: (name) => {
      const model = models[name ?? ''];
      if (!model) throw new UnknownModelError(name ?? '', []);
      return model;
    },
    list: () => Object.values(models).map(({ id }) => ({ id, provider: 'fake' })),
    embedder,
  };
}

type Answer = { access_token: string; user: { id: string }; tenant: { id: string; slug: string } };

async function post(address: string, path: string, body: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  return read(await fetch(address + path, { method: 'POST', headers, body: JSON.stringify(body) }));
}

async function get(address: string, path: string, token: string): Promise<Answer> {
  return read(await fetch(address + path, { headers: { authorization: `Bearer ${token}` } }));
}

async function read(response: Response): Promise<Answer> {
  const body = await response.text();
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${body}`);
  return JSON.parse(body) as Answer;
}
