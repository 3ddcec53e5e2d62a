export { type Check, createHealthService, type HealthService } from './health.service.ts';
export { operationsRoutes } from './operations.routes.ts';
