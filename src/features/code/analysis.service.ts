import { violatesUnique } from '../../platform/database/failures.ts';
import { decodeCursor, pageOf } from '../../platform/http/pagination.ts';
import { newId } from '../../platform/id.ts';
import type { Principal } from '../identity/index.ts';
import { actBy, inTenant, recordAct, type Tenant, takeFromQuota } from '../tenancy/index.ts';
import { ANALYSE_JOB } from './analyse-job.ts';
import * as store from './analysis.store.ts';
import type { Analysis } from './analysis.ts';
import type { CodeDependencies } from './code.dependencies.ts';
import { analysisErrors, faultOf, repositoryErrors } from './code.errors.ts';
import { assertMayChangeAnalysis } from './code.policy.ts';
import {
  type AnalysisQuery,
  type AnalysisSummary,
  type AnalysisView,
  type ComparisonView,
  type FindingQuery,
  type FindingView,
  presentAnalysis,
  presentFinding,
  presentWholeAnalysis,
  type Triage,
} from './code.schema.ts';
import * as findings from './finding.store.ts';
import { renderReport } from './report/render-report.ts';
import type { RenderedReport, ReportContext, ReportFormat } from './report/report-context.ts';
import { keyOf, pageKey } from './repository.service.ts';
import { findRepository } from './repository.store.ts';

export type AnalysisService = ReturnType<typeof createAnalysisService>;

/** One of which nothing was heard for so long is not being worked on, ms: a worker gives a sign of life each second. */
const SILENT_MS = 10 * 60 * 1000;
const MOST_COMPARED = 200;
const MOST_REPORTED = 10_000;

/** Analyses of the principal's tenant. What is absent, or another tenant's, is ERR_ANALYSIS_001. */
export function createAnalysisService(deps: CodeDependencies) {
  const { database, queue, quotaOf, clock } = deps;

  const require = async (principal: Principal, id: string): Promise<store.AnalysisRow> => {
    const row = await inTenant(database, principal.tenant, (trx) => store.findAnalysis(trx, id));
    if (!row) throw analysisErrors.notFound();
    return row;
  };

  const insert = async (principal: Principal, repositoryId: string): Promise<store.AnalysisRow> => {
    const { tenant, userId } = principal;
    const quota = await quotaOf(tenant, 'analyses');
    return inTenant(database, tenant, async (trx) => {
      if (!(await findRepository(trx, repositoryId))) throw repositoryErrors.notFound();
      const at = clock.now();
      const fault = faultOf('interrupted', 'The process that made this analysis was lost. Start another one.');
      await store.failSilent(trx, repositoryId, { since: new Date(at.getTime() - SILENT_MS), fault, at });
      await takeFromQuota(trx, quota, 1, () => store.countAnalyses(trx));
      const row = await store.insertAnalysis(trx, { id: newId(), repository_id: repositoryId, created_by: userId });
      const { id, slug } = tenant;
      await queue.enqueue(trx, ANALYSE_JOB, { tenant: { id, slug }, analysisId: row.id }, { singletonKey: row.id });
      return row;
    });
  };

  return {
    /** Begins one; a job does it. @throws ApiError ERR_REPO_001, ERR_ANALYSIS_003 with `analysis_id`, ERR_TENANT_009 */
    async create(principal: Principal, repositoryId: string): Promise<AnalysisSummary> {
      try {
        return presentAnalysis(await insert(principal, repositoryId));
      } catch (error) {
        if (!violatesUnique(error, 'analysis_unfinished')) throw error;
        const analysis_id = await inTenant(database, principal.tenant, (trx) =>
          store.findUnfinished(trx, repositoryId),
        );
        const detail = `This repository is being analysed already, by the analysis ${analysis_id}.`;
        throw analysisErrors.running(detail, { extensions: { analysis_id } });
      }
    },

    async list(principal: Principal, query: AnalysisQuery) {
      const { limit = 20, cursor, repository_id: repositoryId, status } = query;
      const page = { limit: limit + 1, before: pageKey(cursor), repositoryId, status };
      const rows = await inTenant(database, principal.tenant, (trx) => store.listAnalyses(trx, page));
      return pageOf(rows, limit, presentAnalysis, keyOf);
    },

    async get(principal: Principal, id: string): Promise<AnalysisView> {
      return inTenant(database, principal.tenant, async (trx) => {
        const row = await store.findAnalysis(trx, id);
        if (!row) throw analysisErrors.notFound();
        const repository = await findRepository(trx, row.repository_id);
        return presentWholeAnalysis(row, await store.findResult(trx, id), {
          counts: await findings.countByKind(trx, id),
          url: repository?.kind === 'git' ? repository.location : null,
        });
      });
    },

    /** @throws ApiError ERR_ANALYSIS_001, ERR_ANALYSIS_004 */
    async remove(principal: Principal, id: string): Promise<void> {
      await inTenant(database, principal.tenant, async (trx) => {
        const row = await store.findAnalysis(trx, id);
        if (!row) throw analysisErrors.notFound();
        assertMayChangeAnalysis(principal, row);
        await store.deleteAnalysis(trx, id);
        const details = { repository_id: row.repository_id };
        await recordAct(trx, actBy(principal, { act: 'analysis.delete', target: { kind: 'analysis', id }, details }));
      });
    },

    /** Ends one that waits or runs; its worker notices within some seconds.
     * @throws ApiError ERR_ANALYSIS_001, ERR_ANALYSIS_004, ERR_ANALYSIS_005 */
    async cancel(principal: Principal, id: string): Promise<AnalysisSummary> {
      return inTenant(database, principal.tenant, async (trx) => {
        const row = await store.findAnalysis(trx, id);
        if (!row) throw analysisErrors.notFound();
        assertMayChangeAnalysis(principal, row);
        if (!(await store.cancelAnalysis(trx, id, clock.now()))) {
          throw analysisErrors.ended(
            `Only an analysis that waits or runs can be cancelled; this one is ${row.status}.`,
          );
        }
        const cancelled = await store.findAnalysis(trx, id);
        return presentAnalysis(cancelled ?? row);
      });
    },

    /** @throws ApiError ERR_ANALYSIS_001 */
    async findings(principal: Principal, id: string, { limit = 20, cursor, ...filter }: FindingQuery) {
      await require(principal, id);
      const [after] = cursor === undefined ? [-1] : decodeCursor(cursor, ['integer'] as const);
      const page = { ...filter, limit: limit + 1, after };
      return inTenant(database, principal.tenant, async (trx) => {
        const rows = await findings.listFindings(trx, id, page);
        const total = await findings.countFindings(trx, id, filter);
        return { ...pageOf(rows, limit, presentFinding, ({ number }) => [number]), total };
      });
    },

    /** @throws ApiError ERR_ANALYSIS_006 */
    async finding(principal: Principal, id: string): Promise<FindingView> {
      const row = await inTenant(database, principal.tenant, (trx) => findings.findFinding(trx, id));
      if (!row) throw analysisErrors.findingNotFound();
      return presentFinding(row);
    },

    /** What somebody says of a finding; it holds for the same finding of every analysis of its repository, older and later.
     * @throws ApiError ERR_ANALYSIS_006 */
    async triage(principal: Principal, id: string, { status, note }: Triage): Promise<FindingView> {
      return inTenant(database, principal.tenant, async (trx) => {
        const row = await findings.findFinding(trx, id);
        if (!row) throw analysisErrors.findingNotFound();
        const { repository_id: repositoryId, fingerprint, rule } = row;
        const kept = note === undefined ? row.note : note;
        const said = { repositoryId, fingerprint, status, note: kept, userId: principal.userId, at: clock.now() };
        await findings.saveTriage(trx, said);
        const details = { repository_id: repositoryId, fingerprint, rule, from: row.status, to: status };
        await recordAct(trx, actBy(principal, { act: 'finding.triage', target: { kind: 'finding', id }, details }));
        return presentFinding((await findings.findFinding(trx, id)) ?? row);
      });
    },

    /** What changed since the analysis before that was completed. @throws ApiError ERR_ANALYSIS_001, ERR_ANALYSIS_002 */
    async compare(principal: Principal, id: string): Promise<ComparisonView> {
      const row = completed(await require(principal, id));
      return inTenant(database, principal.tenant, async (trx) => {
        const before = await store.findPrevious(trx, row);
        const other = before?.id ?? NO_ANALYSIS;
        const stayed = await findings.countStayed(trx, id, other);
        const goneFrom = await findings.countStayed(trx, other, id);
        const [news, gone] = [
          await findings.listOnlyIn(trx, id, other, MOST_COMPARED),
          await findings.listOnlyIn(trx, other, id, MOST_COMPARED),
        ];
        const previous = new Map(before?.scores.map(({ name, value }) => [name, value]));
        return {
          analysis_id: id,
          previous_analysis_id: before?.id ?? null,
          scores: row.scores.map(({ name, value }) => ({ name, value, previous: previous.get(name) ?? null })),
          new: news.map(presentFinding),
          gone: gone.map(presentFinding),
          counts: { new: row.finding_count - stayed, gone: (before?.finding_count ?? 0) - goneFrom, stayed },
        };
      });
    },

    /** All of it as a document. @throws ApiError ERR_ANALYSIS_001, ERR_ANALYSIS_002 */
    async report(principal: Principal, id: string, format: ReportFormat): Promise<RenderedReport> {
      const { analysis, context } = await readWhole(deps, principal.tenant, completed(await require(principal, id)));
      return renderReport(analysis, context, format);
    },
  };
}

/** The id of none. */
const NO_ANALYSIS = '00000000-0000-0000-0000-000000000000';

function completed(row: store.AnalysisRow): store.AnalysisRow {
  if (row.status === 'completed') return row;
  const hint = row.status === 'failed' ? row.error?.detail : 'Ask again when its status is completed.';
  throw analysisErrors.notCompleted(`This analysis has no result: it is ${row.status}. ${hint ?? ''}`.trim());
}

async function readWhole({ database }: CodeDependencies, tenant: Tenant, row: store.AnalysisRow) {
  return inTenant(database, tenant, async (trx): Promise<{ analysis: Analysis; context: ReportContext }> => {
    const found = await store.findResult(trx, row.id);
    const repository = await findRepository(trx, row.repository_id);
    if (!found || !repository) throw analysisErrors.notFound();
    const rows = await findings.listFindings(trx, row.id, { limit: MOST_REPORTED, after: -1 });
    const { suggestions = null, ...result } = found;
    return {
      analysis: { ...result, findings: rows.map(plainFinding) },
      context: {
        repository: repository.name,
        url: repository.kind === 'git' ? repository.location : null,
        commit: row.commit_id,
        analysedAt: (row.completed_at ?? row.created_at).toISOString(),
        triage: new Map(rows.map(({ fingerprint, status, note }) => [fingerprint, { status, note }])),
        suggestions,
      },
    };
  });
}

function plainFinding(row: findings.FindingRow): Analysis['findings'][number] {
  const { rule, severity, category, path, line, message, evidence, fix, verify, fingerprint } = row;
  type Category = Analysis['findings'][number]['category'];
  return { rule, severity, category: category as Category, path, line, message, evidence, fix, verify, fingerprint };
}
