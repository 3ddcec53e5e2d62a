import type { StaticCheck } from '../check.ts';
import { judge } from '../finding.ts';
import { inProduction } from './needs-settings.ts';

export const guardedMetrics: StaticCheck = {
  id: 'guarded-metrics',
  kind: 'static',
  category: 'security',
  weight: 'minor',
  title: 'In production the metrics ask for a token',
  items: ['S3-132'],
  expected: 'METRICS_TOKEN with 16 characters or more',
  remedy: 'METRICS_TOKEN=$(openssl rand -hex 24), and the same as bearer_token in prometheus.yml',
  validDays: 30,
  run: inProduction(({ metricsToken }) =>
    judge((metricsToken ?? '').length < 16 ? ['METRICS_TOKEN is missing or short'] : [], 'a token is asked for'),
  ),
};
