import { join } from 'node:path';
import fastifyMultipart from '@fastify/multipart';
import type { RouteOptions } from 'fastify';
import { chatRoutes } from '../features/chat/index.ts';
import { analysisRoutes, repositoryRoutes } from '../features/code/index.ts';
import { documentRoutes } from '../features/documents/index.ts';
import { embeddingRoutes } from '../features/embeddings/index.ts';
import {
  authenticate,
  authenticateToken,
  identityRoutes,
  type Principal,
  requireRole,
  requireWelcome,
  watchAccess,
} from '../features/identity/index.ts';
import { memoryRoutes } from '../features/memory/index.ts';
import { analyticsRoutes, operationsRoutes } from '../features/operations/index.ts';
import { readinessRoutes } from '../features/readiness/index.ts';
import { auditRoutes, forgettingRoutes, tenancyRoutes } from '../features/tenancy/index.ts';
import { toolRoutes } from '../features/tools/index.ts';
import { usageRoutes } from '../features/usage/index.ts';
import type { RouteEntry } from '../platform/http/access.ts';
import { refuseForms } from '../platform/http/form/refuse-forms.ts';
import { originOf } from '../platform/http/request-origin.ts';
import { type App, createHttpServer } from '../platform/http/server.ts';
import { aiSdkRoutes } from '../protocols/ai-sdk/ai-sdk.routes.ts';
import { chatkitRoutes } from '../protocols/chatkit/chatkit.routes.ts';
import { mcpRoutes } from '../protocols/mcp/mcp.routes.ts';
import { openaiRoutes } from '../protocols/openai/openai.routes.ts';
import { webSocketRoutes } from '../protocols/websocket/websocket.routes.ts';
import { serveConsole } from './console.ts';
import { crossOrigin } from './cross-origin.ts';
import { repeatRequests } from './idempotency.ts';
import { shedLoad } from './load-shedding.ts';
import { mcpTools } from './mcp-tools.ts';
import { endWithAccess } from './open-requests.ts';
import { projectFolder } from './project-folder.ts';
import { countAct, createRateLimits, limitAddresses, limitSubjects } from './rate-limits.ts';
import { readinessOf } from './readiness.ts';
import { describeApi, REFERENCE_PATH, serveReference } from './reference.ts';
import type { Services } from './services.ts';
import { watchTenantGates } from './tenant-gates.ts';
import { trustHosts } from './trusted-hosts.ts';
import { rewriteUrl } from './url-rewrites.ts';
import { version } from './version.ts';

/** The whole HTTP surface over the services; not listening yet. */
export async function createServer(services: Services, isDraining: () => boolean): Promise<App> {
  const { config, log, metrics } = services;
  const app = createHttpServer({
    log,
    bodyLimit: config.bodyLimit,
    requestTimeout: config.requestTimeout,
    trustedProxies: config.trustedProxies,
    rewriteUrl,
    tracing: services.tracing,
  });
  measureRequests(app, services);
  crossOrigin(app, config.allowedOrigins, { strictTransport: config.environment === 'production' });
  shedLoad(app, services.database, config);
  trustHosts(app, config);
  const limits = createRateLimits(config, services.redis, services.tenancy.settings, (limit) =>
    metrics.limitRefusals.inc({ limit }),
  );
  limitAddresses(app, limits);
  guardRoutes(app, services);
  await endWithAccess(app, services.identity);
  watchTenantGates(app, services.tenantGates);
  limitSubjects(app, limits);
  repeatRequests(app, services.idempotency);
  await app.register(fastifyMultipart);
  refuseForms(app);
  await describeApi(app);
  const exposed = { registry: metrics.registry, token: config.metricsToken };
  operationsRoutes(app, services.health, exposed, isDraining);
  identityRoutes(app, services.identity);
  auditRoutes(app, services.database);
  tenancyRoutes(app, services.tenancy);
  forgettingRoutes(app, services.forgetting);
  documentRoutes(app, services.documents);
  repositoryRoutes(app, services.code);
  analysisRoutes(app, services.code);
  memoryRoutes(app, services.memory);
  embeddingRoutes(app, services.embeddings);
  toolRoutes(app, services.tools);
  usageRoutes(app, services.usage);
  analyticsRoutes(app, services.analytics);
  readinessRoutes(app, await readinessOf(config));
  chatRoutes(app, services.chat, metrics);
  await openaiRoutes(app, services);
  aiSdkRoutes(app, services);
  const countMemory = (principal: Principal) => countAct(limits, principal, 'memory');
  const tools = mcpTools({ ...services, countMemory });
  await mcpRoutes(app, { ...services, version, allowedOrigins: config.allowedOrigins, tools });
  await webSocketRoutes(app, {
    ...services,
    allowedOrigins: config.allowedOrigins,
    isDraining,
    authenticateToken: (token) => authenticateToken(services.identity, token),
    watchAccess: (onChange) => watchAccess(services.identity, onChange),
    watchTenants: services.tenantGates.watch,
    countAct: (principal, act) => countAct(limits, principal, act),
  });
  await chatkitRoutes(app, {
    ...services,
    tenantSettings: services.tenancy.settings,
    hasToolServer: (tenant, name) => services.tools.mcp.has(tenant, name),
  });
  await serveReference(app);
  await serveConsole(app, join(projectFolder, 'console', 'dist'));
  await app.ready();
  return app;
}

/** Every route says who may call it, and is refused at start when it does not. */
function guardRoutes(app: App, { identity }: Services): void {
  app.decorateRequest('principal', null as never);
  const routes: RouteEntry[] = [];
  app.decorate('routeTable', routes);
  app.addHook('onRoute', (route) => {
    // The reference's pages are a plugin's, which cannot say it for itself.
    if (route.url.startsWith(REFERENCE_PATH)) route.config = { ...route.config, access: 'public' };
    if (route.config?.access === undefined) {
      throw new Error(`${route.method} ${route.url} does not say who may call it: give it config.access.`);
    }
    routes.push(...routeEntries(route));
  });
  app.addHook('onRequest', async (request) => {
    const { access, token, visitors } = request.routeOptions.config;
    // An address that does not exist needs no credential to be told so.
    if (access === undefined || access === 'public') return;
    const given = token?.(request);
    const headers = given === undefined ? request.headers : { authorization: `Bearer ${given}` };
    const principal = await authenticate(identity, headers);
    requireRole(principal, access);
    requireWelcome(principal, visitors);
    request.principal = { ...principal, origin: originOf(request) };
    request.work.ids.tenant = principal.tenant.slug;
    request.log = request.log.child({ tenant: principal.tenant.slug, user_id: principal.userId });
  });
}

function routeEntries({ method, url, config, schema }: RouteOptions): RouteEntry[] {
  const { access = 'operator', operations = [], visitors = false } = config ?? {};
  return [method].flat().map((name) => ({ method: name, url, access, visitors, operations, schema: schema ?? {} }));
}

function measureRequests(app: App, { metrics }: Services): void {
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request;
    metrics.requests.observe(
      { method, route: routeOptions.url ?? 'unknown', status: String(reply.statusCode) },
      reply.elapsedTime / 1000,
    );
  });
}
