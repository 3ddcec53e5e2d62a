import type { JobDefinition } from '../../platform/queue/queue.ts';
import type { Forgetter } from '../tenancy/index.ts';
import { type AnalysisService, createAnalysisService } from './analysis.service.ts';
import type { CodeDependencies } from './code.dependencies.ts';
import { codeJobs } from './code.jobs.ts';
import { createCodeForgetter } from './code-forgetter.ts';
import { createRepositoryService, type RepositoryService } from './repository.service.ts';

/** Code bases under analysis. */
export type Code = {
  repositories: RepositoryService;
  analyses: AnalysisService;
  jobs: readonly JobDefinition<never>[];
  forgetter: Forgetter;
  /** Largest archive, bytes. */
  uploadLimit: number;
};

export function createCode(deps: CodeDependencies): Code {
  return {
    repositories: createRepositoryService(deps),
    analyses: createAnalysisService(deps),
    jobs: codeJobs(deps),
    forgetter: createCodeForgetter(deps),
    uploadLimit: deps.uploadLimit,
  };
}
