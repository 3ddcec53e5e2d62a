import { createHash, timingSafeEqual } from 'node:crypto';
import { Type } from 'typebox';
import { defineErrors } from '../../platform/http/errors.ts';
import { words } from '../../platform/http/schema.ts';
import type { App } from '../../platform/http/server.ts';
import type { Metrics } from '../../platform/telemetry/metrics.ts';
import type { HealthService } from './health.service.ts';
import type { CheckResult } from './health-check.ts';

export const metricsErrors = defineErrors('METRICS', {
  needsToken: {
    number: 1,
    kind: 'unauthenticated',
    title: 'Metrics need their token',
    example: 'Send METRICS_TOKEN as Authorization: Bearer.',
  },
});

const Checks = Type.Record(Type.String(), words(['ok', 'failed']));
const Health = Type.Object({
  status: words(['healthy', 'unhealthy']),
  database: words(['ok', 'failed']),
  redis: words(['ok', 'failed', 'not_configured']),
  version: Type.String(),
  timestamp: Type.String({ format: 'date-time' }),
});
const Readiness = Type.Object({ status: words(['ready', 'not_ready']), checks: Checks });

const Dependency = Type.Object({
  state: words(['ok', 'failed']),
  weight: words(['needed', 'dispensable', 'outside']),
  duration_ms: Type.Integer(),
  reason: Type.Union([Type.String(), Type.Null()]),
});

const FullHealth = Type.Object(
  {
    status: words(['healthy', 'degraded', 'unhealthy']),
    checks: Checks,
    dependencies: Type.Record(Type.String(), Dependency),
    version: Type.String(),
    timestamp: Type.String({ format: 'date-time' }),
    uptime_seconds: Type.Integer(),
  },
  {
    additionalProperties: true,
    title: 'FullHealth',
    description:
      'Each dependency with what its failure means and why it failed: `needed` makes the server not ready, `dispensable` unhealthy, `outside` (model providers, the embedder, by how calls to them went) degraded. With what each part of the program adds, such as `outside`.',
  },
);

/** `/health`, `/health/live`, `/ready` (also `/health/ready`), `/metrics`, and for operators `/v1/admin/health`. */
export function operationsRoutes(
  app: App,
  health: HealthService,
  metrics: { registry: Metrics['registry']; token: string | null },
  isDraining: () => boolean,
): void {
  const tags = ['Operations'];
  // Probes and scrapers come often and must learn the truth above all under load.
  const config = { access: 'public', limit: 'none' } as const;

  app.get(
    '/health',
    { config, schema: { tags, summary: 'How it is', security: [], response: { 200: Health, 503: Health } } },
    async (_request, reply) => {
      const checks = await health.checks();
      const healthy = Object.values(checks).every((state) => state === 'ok');
      return reply.code(healthy ? 200 : 503).send({
        status: healthy ? 'healthy' : 'unhealthy',
        database: checks.database ?? 'failed',
        redis: checks.redis ?? 'not_configured',
        version: health.version,
        timestamp: health.clock.now().toISOString(),
      });
    },
  );

  app.get(
    '/health/live',
    {
      config,
      schema: {
        tags,
        summary: 'Whether the process answers; touches nothing',
        security: [],
        response: { 200: Type.Object({ status: words(['alive']) }) },
      },
    },
    async () => ({ status: 'alive' as const }),
  );

  for (const url of ['/ready', '/health/ready']) {
    app.get(
      url,
      {
        config,
        schema: {
          tags,
          summary: 'Whether requests should come here',
          security: [],
          response: { 200: Readiness, 503: Readiness },
        },
      },
      async (_request, reply) => {
        const checks = { ...(await health.checks()), accepting: isDraining() ? ('failed' as const) : ('ok' as const) };
        const ready = Object.entries(checks).every(([name, state]) => state === 'ok' || health.isDispensable(name));
        return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not_ready', checks });
      },
    );
  }

  app.get(
    '/v1/admin/health',
    {
      config: { access: 'operator' },
      schema: { tags, summary: 'How it is in full, with the services that it calls', response: { 200: FullHealth } },
    },
    async () => {
      const [dependencies, contributions] = await Promise.all([health.results(), health.contributions()]);
      return {
        status: statusOf(Object.values(dependencies)),
        checks: Object.fromEntries(Object.entries(dependencies).map(([name, { state }]) => [name, state])),
        dependencies,
        version: health.version,
        timestamp: health.clock.now().toISOString(),
        uptime_seconds: Math.floor(process.uptime()),
        ...contributions,
      };
    },
  );

  app.get(
    '/metrics',
    { config, schema: { tags, summary: 'Metrics for Prometheus', security: [] } },
    async (request, reply) => {
      if (!isTold(metrics.token, request.headers.authorization)) {
        throw metricsErrors.needsToken(undefined, { headers: { 'www-authenticate': 'Bearer realm="metrics"' } });
      }
      return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
    },
  );
}

/** In a time that says nothing of the token. */
function isTold(token: string | null, authorization = ''): boolean {
  if (token === null) return true;
  const [given, wanted] = [authorization, `Bearer ${token}`].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(given as Buffer, wanted as Buffer);
}

function statusOf(results: readonly CheckResult[]): 'healthy' | 'degraded' | 'unhealthy' {
  const failed = results.filter(({ state }) => state === 'failed');
  if (failed.length === 0) return 'healthy';
  return failed.every(({ weight }) => weight === 'outside') ? 'degraded' : 'unhealthy';
}
