import type { JobDefinition } from '../../platform/queue/queue.ts';
import { ANALYSE_JOB, type AnalysePayload } from './analyse-job.ts';
import type { CodeDependencies } from './code.dependencies.ts';
import { MOST_TRIES, runAnalysis } from './run-analysis.ts';

/** More than the tries of an analysis: the queue's last one, after tries that were killed, is what marks it as failed. */
const RETRIES = MOST_TRIES + 3;
const SECONDS_TO_STORE = 300;

export function codeJobs(deps: CodeDependencies): readonly JobDefinition<never>[] {
  const analyse: JobDefinition<AnalysePayload> = {
    ...ANALYSE_JOB,
    retryLimit: RETRIES,
    expireInSeconds: Math.ceil(deps.analysisTimeout / 1000) + SECONDS_TO_STORE,
    concurrency: deps.concurrency,
    handle: ({ tenant, analysisId }, { signal }) => runAnalysis(deps, tenant, analysisId, signal),
  };
  return [analyse];
}
