export { analyticsRoutes } from './analytics/analytics.routes.ts';
export { type Analytics, createAnalytics } from './analytics/analytics.service.ts';
export { type Check, createHealthService, type HealthContribution, type HealthService } from './health.service.ts';
export { operationsRoutes } from './operations.routes.ts';
