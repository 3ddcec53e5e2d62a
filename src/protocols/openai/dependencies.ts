import type { ModelRegistry } from '../../ai/model-registry.ts';
import type { Chat } from '../../features/chat/index.ts';
import type { Usage } from '../../features/usage/index.ts';
import type { Metrics } from '../../platform/telemetry/metrics.ts';

export type OpenaiDependencies = { chat: Chat; models: ModelRegistry; metrics: Metrics; usage: Pick<Usage, 'meter'> };
