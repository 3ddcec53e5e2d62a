import type { App } from '../../platform/http/server.ts';
import {
  AnalysisPage,
  AnalysisQuery,
  AnalysisSummary,
  AnalysisView,
  ComparisonView,
  FindingPage,
  FindingQuery,
  FindingView,
  IdParams,
  NewAnalysis,
  ReportQuery,
  Triage,
} from './code.schema.ts';
import type { Code } from './code.ts';

const tags = ['Code'];
const viewer = { access: 'viewer' } as const;
const member = { access: 'member' } as const;

/** `/v1/analyses` and `/v1/findings`. */
export function analysisRoutes(app: App, { analyses }: Code): void {
  app.post(
    '/v1/analyses',
    {
      config: member,
      schema: {
        tags,
        summary: 'Analyse a repository',
        description:
          'Fetches, measures and judges it in the background. A repository has one analysis under way at a time: a second is 409, with its `analysis_id`.',
        body: NewAnalysis,
        response: { 201: AnalysisSummary },
      },
    },
    async (request, reply) => {
      const { principal, body } = request;
      const view = await request.once(() => analyses.create(principal, body.repository_id));
      return reply.code(201).header('location', `/v1/analyses/${view.id}`).send(view);
    },
  );
  app.get(
    '/v1/analyses',
    {
      config: viewer,
      schema: { tags, summary: 'Analyses, newest first', querystring: AnalysisQuery, response: { 200: AnalysisPage } },
    },
    async ({ principal, query }) => analyses.list(principal, query),
  );
  app.get(
    '/v1/analyses/:id',
    {
      config: viewer,
      schema: {
        tags,
        summary: 'One analysis with all but its findings',
        params: IdParams,
        response: { 200: AnalysisView },
      },
    },
    async ({ principal, params }) => analyses.get(principal, params.id),
  );
  app.delete(
    '/v1/analyses/:id',
    {
      config: member,
      schema: { tags, summary: 'Delete an analysis; what was said of findings stays', params: IdParams },
    },
    async ({ principal, params }, reply) => {
      await analyses.remove(principal, params.id);
      return reply.code(204).send();
    },
  );
  app.post(
    '/v1/analyses/:id/cancel',
    {
      config: member,
      schema: {
        tags,
        summary: 'Cancel an analysis that waits or runs',
        params: IdParams,
        response: { 202: AnalysisSummary },
      },
    },
    async ({ principal, params }, reply) => reply.code(202).send(await analyses.cancel(principal, params.id)),
  );
  app.get(
    '/v1/analyses/:id/comparison',
    {
      config: viewer,
      schema: {
        tags,
        summary: 'What changed since the analysis before',
        description: 'Findings that are new, gone and stayed, by fingerprint, and how the scores moved.',
        params: IdParams,
        response: { 200: ComparisonView },
      },
    },
    async ({ principal, params }) => analyses.compare(principal, params.id),
  );
  app.get(
    '/v1/analyses/:id/report',
    {
      config: viewer,
      schema: {
        tags,
        summary: 'A report of an analysis, to download',
        description:
          'As JSON, Markdown, SARIF 2.1.0, HTML or PDF, with what was said of the findings. The same analysis gives the same bytes.',
        params: IdParams,
        querystring: ReportQuery,
      },
    },
    async ({ principal, params, query }, reply) => {
      const report = await analyses.report(principal, params.id, query.format ?? 'markdown');
      return reply
        .type(report.contentType)
        .header('content-disposition', `attachment; filename="${report.fileName}"`)
        .header('content-security-policy', report.contentPolicy)
        .send(Buffer.from(report.body as string));
    },
  );
  findingRoutes(app, analyses);
}

function findingRoutes(app: App, analyses: Code['analyses']): void {
  app.get(
    '/v1/analyses/:id/findings',
    {
      config: viewer,
      schema: {
        tags,
        summary: 'Findings of an analysis, the worst first',
        params: IdParams,
        querystring: FindingQuery,
        response: { 200: FindingPage },
      },
    },
    async ({ principal, params, query }) => analyses.findings(principal, params.id, query),
  );
  app.get(
    '/v1/findings/:id',
    { config: viewer, schema: { tags, summary: 'One finding', params: IdParams, response: { 200: FindingView } } },
    async ({ principal, params }) => analyses.finding(principal, params.id),
  );
  app.patch(
    '/v1/findings/:id',
    {
      config: member,
      schema: {
        tags,
        summary: 'Say what a finding is worth',
        description:
          'It holds for the same finding of every analysis of its repository, later ones too. Who and when are noted, and go into the audit log.',
        params: IdParams,
        body: Triage,
        response: { 200: FindingView },
      },
    },
    async ({ principal, params, body }) => analyses.triage(principal, params.id, body),
  );
}
