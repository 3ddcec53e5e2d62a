import { inTenant, type Tenant } from '../tenancy/index.ts';
import * as store from './analysis.store.ts';
import type { Analysis } from './analysis.ts';
import type { CodeDependencies } from './code.dependencies.ts';
import { type AnalysisFault, faultOf } from './code.errors.ts';
import { type CodePlace, type FetchedCode, fetchCode } from './fetch/fetch-code.ts';
import { FetchFault } from './fetch/fetch-fault.ts';
import { insertFindings } from './finding.store.ts';
import { findPart, findRepository, type RepositoryRow } from './repository.store.ts';
import { secretName } from './secret-name.ts';
import { storable } from './storable.ts';
import { suggestionsFor } from './suggestions/suggestions-for.ts';

/** Tries of an analysis: a process that dies in the middle of each of them would otherwise do so for ever. */
export const MOST_TRIES = 3;

/** Progress when the code is there, and when it is measured. */
const FETCHED = 0.3;
const MEASURED = 0.95;
/** Between two signs of life, ms; a cancellation is noticed with the next one. */
const PULSE_MS = 1_000;
/** Findings of an analysis that are kept, the worst; the engine has its own bound for each rule. */
const MOST_FINDINGS = 10_000;

/**
 * Fetches, measures and judges one repository. It bears a repeat at any point: what a try writes is refused once another one
 * began, or the analysis was cancelled or deleted.
 * @throws what may pass (the database is away, the process shuts down), for the queue to try again
 */
export async function runAnalysis(
  deps: CodeDependencies,
  tenant: Tenant,
  analysisId: string,
  signal: AbortSignal,
): Promise<void> {
  const { database, clock } = deps;
  const claimed = await inTenant(database, tenant, (trx) => store.claimAnalysis(trx, analysisId, clock.now()));
  if (!claimed) return;
  const begun = performance.now();
  const end = (status: 'completed' | 'failed' | 'cancelled') => {
    deps.metrics.analyses.inc({ status });
    deps.metrics.analysisSeconds.observe((performance.now() - begun) / 1000);
  };
  const fail = async (fault: AnalysisFault) => {
    await inTenant(database, tenant, (trx) => store.failAnalysis(trx, claimed, storable(fault), clock.now()));
    end('failed');
  };
  if (claimed.attempt > MOST_TRIES) {
    return fail(faultOf('interrupted', `This analysis was cut off ${MOST_TRIES} times. Start another one.`));
  }
  const pulse = startPulse(deps, tenant, claimed);
  const late = AbortSignal.timeout(deps.analysisTimeout);
  try {
    const signals = { signal: AbortSignal.any([signal, pulse.signal]), late };
    end((await analyse(deps, tenant, claimed, pulse.report, signals)) ? 'completed' : 'cancelled');
  } catch (error) {
    if (pulse.signal.aborted) return end('cancelled');
    if (signal.aborted) {
      await inTenant(database, tenant, (trx) => store.releaseAnalysis(trx, claimed, clock.now())).catch(
        () => undefined,
      );
      throw error;
    }
    const fault = explained(error, late, deps);
    if (fault.code === INTERNAL.code)
      deps.log.error({ err: error, tenant: tenant.slug, analysis_id: analysisId }, 'an analysis failed');
    await fail(fault);
  } finally {
    pulse.stop();
  }
}

type Claimed = store.Try & Pick<store.AnalysisRow, 'repository_id' | 'created_by'>;
/** What ends an analysis, and what says that it has taken too long. */
type Signals = { signal: AbortSignal; late: AbortSignal };

/** False where the analysis was cancelled or deleted meanwhile. */
async function analyse(
  deps: CodeDependencies,
  tenant: Tenant,
  claimed: Claimed,
  report: (progress: number) => void,
  signals: Signals,
): Promise<boolean> {
  const { database, clock } = deps;
  const signal = AbortSignal.any([signals.signal, signals.late]);
  const repository = await inTenant(database, tenant, (trx) => findRepository(trx, claimed.repository_id));
  if (!repository) return false;
  const { code, commit } = await fetched(deps, tenant, repository, signal);
  report(FETCHED);
  const onProgress = (done: number, of: number) => report(FETCHED + (MEASURED - FETCHED) * (of === 0 ? 1 : done / of));
  const analysis: Analysis = storable(
    await deps.analyse(code, { signal, onProgress, limits: { timeMs: deps.analysisTimeout } }),
  );
  signal.throwIfAborted();
  const about = { code, analysis, userId: claimed.created_by };
  const suggestions = await suggestionsFor(deps, tenant, about, signals);
  signals.signal.throwIfAborted();
  const { findings, ...result } = analysis;
  const kept = findings.slice(0, MOST_FINDINGS);
  const completion = {
    result: { ...result, suggestions },
    commit,
    files: code.files.length,
    findings: kept.length,
    at: clock.now(),
  };
  return inTenant(database, tenant, async (trx) => {
    const isOurs = await store.completeAnalysis(trx, claimed, completion);
    if (isOurs) await insertFindings(trx, claimed.id, kept);
    return isOurs;
  });
}

async function fetched(
  deps: CodeDependencies,
  tenant: Tenant,
  repository: RepositoryRow,
  signal: AbortSignal,
): Promise<FetchedCode> {
  const place = await placeOf(deps, tenant, repository);
  const { fetch, outside, limits, fetchTimeout: timeout, localRoots } = deps;
  return fetchCode(place, { fetch, outside, caller: tenant.slug, limits, timeout, localRoots, signal });
}

async function placeOf(deps: CodeDependencies, tenant: Tenant, repository: RepositoryRow): Promise<CodePlace> {
  const { id, kind, location, branch, has_token } = repository;
  if (kind === 'local') return { kind, path: location };
  if (kind === 'archive') return { kind, bytes: (signal) => partsOf(deps, tenant, id, signal) };
  const token = has_token ? await deps.secrets.read(tenant, secretName(id)) : null;
  return { kind, url: location, branch, token };
}

async function* partsOf({ database }: CodeDependencies, tenant: Tenant, id: string, signal: AbortSignal) {
  for (let index = 0; ; index += 1) {
    signal.throwIfAborted();
    const part = await inTenant(database, tenant, (trx) => findPart(trx, id, index));
    if (!part) return;
    yield part;
  }
}

/** Says each second how far it is, and hears that the analysis is no longer wanted. */
function startPulse({ database, clock, log }: CodeDependencies, tenant: Tenant, claimed: store.Try) {
  const stop = new AbortController();
  let progress = 0;
  let beating = false;
  const beat = async () => {
    if (beating) return;
    beating = true;
    try {
      const goesOn = await inTenant(database, tenant, (trx) => store.advance(trx, claimed, progress, clock.now()));
      if (!goesOn) stop.abort(new Error('The analysis was cancelled, deleted, or taken over.'));
    } catch (error) {
      log.warn({ err: error, analysis_id: claimed.id }, 'a sign of life of an analysis was not written');
    } finally {
      beating = false;
    }
  };
  const timer = setInterval(() => void beat(), PULSE_MS);
  return {
    signal: stop.signal,
    report: (done: number) => {
      progress = Math.min(Math.max(progress, done), 1);
    },
    stop: () => clearInterval(timer),
  };
}

const INTERNAL = faultOf(
  'internal',
  'Something went wrong on our side. Try again, or give the analysis’s id to the operator.',
);

function explained(error: unknown, late: AbortSignal, { analysisTimeout }: CodeDependencies): AnalysisFault {
  if (late.aborted) {
    const seconds = Math.round(analysisTimeout / 1000);
    return faultOf('limit', `The analysis took longer than ${seconds} s, which is the most that it may take here.`);
  }
  if (error instanceof FetchFault) return faultOf(error.kind, error.message);
  if (error instanceof Error && error.name === 'AnalysisLimitError') return faultOf('limit', error.message);
  return INTERNAL;
}
