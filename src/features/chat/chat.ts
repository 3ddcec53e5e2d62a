import type { ModelRegistry } from '../../ai/model-registry.ts';
import type { JobDefinition, Queue } from '../../platform/queue/queue.ts';
import {
  type Forgetter,
  type Forgetting,
  noQuotas,
  type QuotaOf,
  type Tenant,
  type TenantSettings,
} from '../tenancy/index.ts';
import { chatRules, type Titles } from './chat-settings.ts';
import { createExpiredSessions } from './expired-sessions.ts';
import { createFeedbackService, type FeedbackService } from './feedback.service.ts';
import { createChatForgetter } from './forgetting/chat-forgetter.ts';
import { createRecallList, type RecallList } from './recalls.service.ts';
import { createRunService, type RunService } from './run/run.service.ts';
import { RunEngine, type RunEngineDependencies } from './run/run-engine.ts';
import { checkWaitingJob, planWaitWith } from './run/waiting-runs.ts';
import { createSessionService, type SessionService } from './session.service.ts';

export type Chat = {
  sessions: SessionService;
  runs: RunService;
  feedback: FeedbackService;
  /** What memory gave to the answers of a session. */
  recalls: RecallList;
  engine: RunEngine;
  /** What chat knows about forgetting. */
  forgetter: Forgetter;
  jobs: readonly JobDefinition<never>[];
};

export type ChatDependencies = Omit<RunEngineDependencies, 'resolveModel' | 'planWait'> & {
  models: ModelRegistry;
  /** The models as a tenant sees them. Left out: all see the same. */
  modelsOf?: (tenant: Tenant) => Promise<ModelRegistry>;
  queue: Pick<Queue, 'enqueue'>;
  /** What tenants may have of sessions. Left out: as many as they like. */
  quotaOf?: QuotaOf;
  /** Left out: no tenant has its own. */
  settings?: Pick<TenantSettings, 'read'>;
  /** Who titles sessions where the tenant does not say; default: the question. */
  titles?: Titles;
  forgetting: Pick<Forgetting, 'forgetWithin'>;
};

export function createChat(deps: ChatDependencies): Chat {
  const {
    models,
    modelsOf = async () => models,
    quotaOf = noQuotas,
    queue,
    settings,
    titles = 'question',
    forgetting,
    ...rest
  } = deps;
  const { database, clock } = deps;
  const engine = new RunEngine({
    ...rest,
    resolveModel: async (name, tenant) => (await modelsOf(tenant)).resolve(name),
    planWait: planWaitWith(database, queue),
  });
  const expiredSessions = createExpiredSessions({ database, queue, clock });
  return {
    engine,
    forgetter: createChatForgetter({ database }),
    jobs: [expiredSessions.job, checkWaitingJob(engine)],
    sessions: createSessionService({ database, runs: engine, clock, expiredSessions, quotaOf, forgetting }),
    feedback: createFeedbackService({ database }),
    recalls: createRecallList({ database }),
    runs: createRunService({
      database,
      engine,
      modelsOf,
      quotaOf,
      clock,
      expiredSessions,
      tools: deps.tools ?? null,
      limits: deps.limits ?? {},
      rules: chatRules(settings ?? null, titles),
    }),
  };
}
