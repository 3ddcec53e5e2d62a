import type { ModelRegistry } from '../../ai/model-registry.ts';
import { createRunService, type RunService } from './run/run.service.ts';
import { RunEngine, type RunEngineDependencies } from './run/run-engine.ts';
import { createSessionService, type SessionService } from './session.service.ts';

export type Chat = { sessions: SessionService; runs: RunService; engine: RunEngine };

export type ChatDependencies = Omit<RunEngineDependencies, 'resolveModel'> & { models: ModelRegistry };

export function createChat(deps: ChatDependencies): Chat {
  const { models, ...rest } = deps;
  const engine = new RunEngine({ ...rest, resolveModel: (name) => models.resolve(name) });
  return {
    engine,
    sessions: createSessionService({ database: deps.database, runs: engine }),
    runs: createRunService({ database: deps.database, engine, models }),
  };
}
