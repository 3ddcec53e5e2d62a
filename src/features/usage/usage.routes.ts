import type { App } from '../../platform/http/server.ts';
import { findTenantById } from '../tenancy/index.ts';
import { budgetErrors } from './budget/budget.errors.ts';
import {
  BudgetChange,
  BudgetPage,
  BudgetParams,
  BudgetView,
  GivenParams,
  NewBudget,
  TenantParams,
} from './budget/budget.schema.ts';
import { InstallationUsage, RangeQuery, UsageQuery, UsageReport } from './report/usage-report.schema.ts';
import type { Usage } from './usage.ts';

/** `/v1/usage`, `/v1/budgets`, and for operators `/v1/admin/usage` and `/v1/admin/tenants/{id}/budgets`. */
export function usageRoutes(app: App, usage: Usage): void {
  const tags = ['Usage'];
  app.get(
    '/v1/usage',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'What was used, and what it cost',
        description: 'For admins of the whole tenant, for everybody else of themselves.',
        querystring: UsageQuery,
        response: { 200: UsageReport },
      },
    },
    async ({ principal, query }) => usage.reports.report(principal, query),
  );
  budgetRoutes(app, usage);
  operatorRoutes(app, usage);
}

function budgetRoutes(app: App, { budgets }: Usage): void {
  const tags = ['Usage'];
  app.get(
    '/v1/budgets',
    {
      config: { access: 'admin' },
      schema: { tags, summary: 'The budgets that hold, and what is used of them', response: { 200: BudgetPage } },
    },
    async ({ principal }) => budgets.list(principal),
  );
  app.post(
    '/v1/budgets',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Set a budget',
        description: 'It narrows what the operator gives; the lowest that applies to a call holds.',
        body: NewBudget,
        response: { 201: BudgetView },
      },
    },
    async (request, reply) => {
      const { principal, body } = request;
      return reply.code(201).send(await request.once(() => budgets.create(principal, body)));
    },
  );
  app.patch(
    '/v1/budgets/:id',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Change the amount of a budget',
        params: BudgetParams,
        body: BudgetChange,
        response: { 200: BudgetView },
      },
    },
    async ({ principal, params, body }) => budgets.update(principal, params.id, body.limit_usd),
  );
  app.delete(
    '/v1/budgets/:id',
    { config: { access: 'admin' }, schema: { tags, summary: 'Lift a budget', params: BudgetParams } },
    async ({ principal, params }, reply) => {
      await budgets.remove(principal, params.id);
      return reply.code(204).send();
    },
  );
}

function operatorRoutes(app: App, { budgets, reports, database }: Usage): void {
  const tags = ['Operators'];
  const config = { access: 'operator' } as const;
  const requireTenant = async (id: string) => {
    if (!(await findTenantById(database.db, id))) throw budgetErrors.tenantNotFound();
  };
  app.get(
    '/v1/admin/usage',
    {
      config,
      schema: {
        tags,
        summary: 'What every tenant used, and what it cost; no content',
        querystring: RangeQuery,
        response: { 200: InstallationUsage },
      },
    },
    async ({ query }) => reports.installation(query),
  );
  app.get(
    '/v1/admin/tenants/:id/budgets',
    { config, schema: { tags, summary: 'A tenant’s budgets', params: TenantParams, response: { 200: BudgetPage } } },
    async ({ params }) => {
      await requireTenant(params.id);
      return { data: await budgets.listOf(params.id), next_cursor: null };
    },
  );
  app.put(
    '/v1/admin/tenants/:id/budgets/:period',
    {
      config,
      schema: {
        tags,
        summary: 'Give a tenant a budget',
        description: 'For a day it takes the place of the installation’s limit.',
        params: GivenParams,
        body: BudgetChange,
        response: { 200: BudgetView },
      },
    },
    async ({ principal, params, body }) => {
      await requireTenant(params.id);
      return budgets.give(principal, params.id, params.period, body.limit_usd);
    },
  );
  app.delete(
    '/v1/admin/tenants/:id/budgets/:period',
    { config, schema: { tags, summary: 'Take a given budget back', params: GivenParams } },
    async ({ principal, params }, reply) => {
      await budgets.takeBack(principal, params.id, params.period);
      return reply.code(204).send();
    },
  );
}
