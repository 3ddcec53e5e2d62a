import { Type } from 'typebox';
import { pageFrom } from '../../platform/http/id-page.ts';
import { PageQuery, pageOf } from '../../platform/http/pagination.ts';
import type { App } from '../../platform/http/server.ts';
import { presentHead, presentReport, ReportPage, ReportView } from './readiness.schema.ts';
import type { Readiness } from './readiness.service.ts';

const Params = Type.Object({
  report_id: Type.Union([Type.String({ format: 'uuid' }), Type.Literal('latest')], {
    description: 'Its id, or `latest`.',
  }),
});

/** `/v1/admin/readiness`: the reports of `parley readiness`, for operators. They are made on the command line alone. */
export function readinessRoutes(app: App, readiness: Readiness): void {
  const tags = ['Operations'];
  const config = { access: 'operator' } as const;
  app.get(
    '/v1/admin/readiness',
    {
      config,
      schema: {
        tags,
        summary: 'The readiness reports that are kept, newest first',
        querystring: PageQuery,
        response: { 200: ReportPage },
      },
    },
    async ({ query }) => {
      const page = pageFrom(query);
      return pageOf(await readiness.list(page), page.limit, presentHead, ({ id }) => [id]);
    },
  );
  app.get(
    '/v1/admin/readiness/:report_id',
    {
      config,
      schema: {
        tags,
        summary: 'A readiness report, with its evidence',
        description: 'With what is wrong with the chain of reports, as it is found now.',
        params: Params,
        response: { 200: ReportView },
      },
    },
    async ({ params }) => {
      const { report, chainFaults } = await readiness.read(params.report_id);
      return presentReport(report, chainFaults);
    },
  );
}
