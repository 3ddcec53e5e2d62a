import type { ModelRegistry } from '../../ai/model-registry.ts';
import type { Chat } from '../../features/chat/index.ts';
import type { Tenant } from '../../features/tenancy/index.ts';
import type { Usage } from '../../features/usage/index.ts';
import type { Metrics } from '../../platform/telemetry/metrics.ts';

export type OpenaiDependencies = {
  chat: Chat;
  models: ModelRegistry;
  /** The models as a tenant sees them. */
  modelsOf(tenant: Tenant): Promise<ModelRegistry>;
  metrics: Metrics;
  usage: Pick<Usage, 'meter'>;
};
