import { pageFrom } from '../../platform/http/id-page.ts';
import { pageOf } from '../../platform/http/pagination.ts';
import type { App } from '../../platform/http/server.ts';
import * as schema from './tenancy.schema.ts';
import type { Tenancy } from './tenancy.ts';

const tags = ['tenants'];

/** `/v1/admin/tenants`: what an operator does with tenants. Nothing here reads what is in one. */
export function adminTenantRoutes(app: App, tenancy: Tenancy): void {
  readRoutes(app, tenancy);
  changeRoutes(app, tenancy);
}

const config = { access: 'operator' } as const;
const params = schema.TenantParams;
const response = { 200: schema.TenantView };

function readRoutes(app: App, { lifecycle, settings }: Tenancy): void {
  app.get(
    '/v1/admin/tenants',
    {
      config,
      schema: {
        tags,
        summary: 'Every tenant of this installation',
        querystring: schema.ListQuery,
        response: { 200: schema.TenantList },
      },
    },
    async ({ query }) => {
      const page = pageFrom(query);
      return pageOf(await lifecycle.list(page), page.limit, schema.presentTenant, ({ id }) => [id]);
    },
  );
  app.get(
    '/v1/admin/tenants/:id',
    {
      config,
      schema: { tags, summary: 'One tenant, and how much it has', params, response: { 200: schema.SizedTenant } },
    },
    async ({ params: { id } }) => ({
      ...schema.presentTenant(await lifecycle.get(id)),
      rows: await lifecycle.size(id),
    }),
  );
  app.get(
    '/v1/admin/tenants/:id/receipt',
    {
      config,
      schema: { tags, summary: 'The receipt of a deleted tenant', params, response: { 200: schema.CheckedReceipt } },
    },
    async ({ params: { id } }) => lifecycle.receipt(id),
  );
  app.get(
    '/v1/admin/tenants/:id/settings',
    { config, schema: { tags, summary: 'A tenant’s settings', params, response: { 200: schema.SettingList } } },
    async ({ params: { id } }) => schema.presentSettings(await settings.list(await lifecycle.get(id))),
  );
}

function changeRoutes(app: App, { lifecycle, settings }: Tenancy): void {
  app.post(
    '/v1/admin/tenants',
    {
      config,
      schema: { tags, summary: 'Make a tenant', body: schema.NewTenantBody, response: { 201: schema.TenantView } },
    },
    async (request, reply) => {
      const { name, slug, owner_email: ownerEmail } = request.body;
      const { principal } = request;
      const made = await request.once(async () =>
        schema.presentTenant(await lifecycle.create({ name, slug, ownerEmail }, principal)),
      );
      return reply.code(201).send(made);
    },
  );
  app.patch(
    '/v1/admin/tenants/:id',
    { config, schema: { tags, summary: 'Rename a tenant', params, body: schema.RenameBody, response } },
    async ({ params: { id }, body, principal }) =>
      schema.presentTenant(await lifecycle.rename(id, body.name, principal)),
  );
  app.post(
    '/v1/admin/tenants/:id/suspend',
    {
      config,
      schema: {
        tags,
        summary: 'End all access to a tenant; nothing is lost',
        params,
        body: schema.SuspendBody,
        response,
      },
    },
    async ({ params: { id }, body, principal }) =>
      schema.presentTenant(await lifecycle.suspend(id, body.reason ?? null, principal)),
  );
  app.post(
    '/v1/admin/tenants/:id/resume',
    { config, schema: { tags, summary: 'Give access to a suspended tenant again', params, response } },
    async ({ params: { id }, principal }) => schema.presentTenant(await lifecycle.resume(id, principal)),
  );
  app.patch(
    '/v1/admin/tenants/:id/settings',
    {
      config,
      schema: {
        tags,
        summary: 'Change a tenant’s settings, its limits and quotas among them',
        params,
        body: schema.SettingChangesBody,
        response: { 200: schema.SettingList },
      },
    },
    async ({ params: { id }, body, principal }) => {
      const tenant = await lifecycle.get(id);
      const author = { userId: principal.userId, as: 'operator', principal } as const;
      return schema.presentSettings(await settings.change(tenant, body, author));
    },
  );
  app.post(
    '/v1/admin/tenants/:id/delete',
    {
      config,
      schema: {
        tags,
        summary: 'Delete a tenant with all it has, for good',
        description: 'Answers with a signed receipt that counts what was deleted.',
        params,
        body: schema.ConfirmBody,
        response: { 200: schema.Receipt },
      },
    },
    async ({ params: { id }, body, principal }) => lifecycle.remove(id, body.confirm, principal),
  );
}
