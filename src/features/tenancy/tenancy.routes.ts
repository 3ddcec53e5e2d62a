import { Readable } from 'node:stream';
import type { App } from '../../platform/http/server.ts';
import { adminTenantRoutes } from './admin.routes.ts';
import { providerKeyRoutes } from './provider-key/provider-key.routes.ts';
import * as schema from './tenancy.schema.ts';
import type { Tenancy } from './tenancy.ts';

/** `/v1/tenants/current/*`, and `/v1/admin/tenants` for operators. */
export function tenancyRoutes(app: App, tenancy: Tenancy): void {
  settingRoutes(app, tenancy);
  ownRoutes(app, tenancy);
  exportRoutes(app, tenancy);
  providerKeyRoutes(app, tenancy.providerKeys);
  adminTenantRoutes(app, tenancy);
}

const tags = ['tenants'];

function settingRoutes(app: App, { settings }: Tenancy): void {
  app.get(
    '/v1/tenants/current/settings',
    {
      config: { access: 'admin' },
      schema: { tags, summary: 'The settings of my tenant', response: { 200: schema.SettingList } },
    },
    async ({ principal }) => schema.presentSettings(await settings.list(principal.tenant)),
  );

  app.patch(
    '/v1/tenants/current/settings',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Change settings of my tenant',
        description: 'All of them or, when one is refused, none. A setting that is left out stays as it is.',
        body: schema.SettingChangesBody,
        response: { 200: schema.SettingList },
      },
    },
    async ({ principal, body }) => {
      const author = { userId: principal.userId, as: 'admin', principal } as const;
      return schema.presentSettings(await settings.change(principal.tenant, body, author));
    },
  );
}

function ownRoutes(app: App, { lifecycle }: Tenancy): void {
  app.patch(
    '/v1/tenants/current',
    {
      config: { access: 'admin' },
      schema: { tags, summary: 'Rename my tenant', body: schema.RenameBody, response: { 200: schema.TenantView } },
    },
    async ({ principal, body }) =>
      schema.presentTenant(await lifecycle.rename(principal.tenant.id, body.name, principal)),
  );
  app.post(
    '/v1/tenants/current/delete',
    {
      config: { access: 'owner' },
      schema: {
        tags,
        summary: 'Delete my tenant with all it has, for good',
        description: 'Answers with a signed receipt that counts what was deleted.',
        body: schema.ConfirmBody,
        response: { 200: schema.Receipt },
      },
    },
    async ({ principal, body }) => lifecycle.remove(principal.tenant.id, body.confirm, principal),
  );
}

function exportRoutes(app: App, { exports }: Tenancy): void {
  const config = { access: 'owner' } as const;
  const params = schema.TenantParams;
  app.post(
    '/v1/tenants/current/exports',
    {
      config,
      schema: {
        tags,
        summary: 'Have all data of my tenant put into an archive',
        description: 'Made in the background and kept for a day.',
        response: { 202: schema.ExportView },
      },
    },
    async (request, reply) => {
      const { principal } = request;
      return reply.code(202).send(await request.once(async () => schema.presentExport(await exports.begin(principal))));
    },
  );
  app.get(
    '/v1/tenants/current/exports',
    { config, schema: { tags, summary: 'Archives of my tenant, newest first', response: { 200: schema.ExportList } } },
    async ({ principal }) => ({
      data: (await exports.list(principal.tenant)).map(schema.presentExport),
      next_cursor: null,
    }),
  );
  app.get(
    '/v1/tenants/current/exports/:id',
    { config, schema: { tags, summary: 'How far an archive is', params, response: { 200: schema.ExportView } } },
    async ({ principal, params: { id } }) => schema.presentExport(await exports.get(principal.tenant, id)),
  );
  app.get(
    '/v1/tenants/current/exports/:id/archive',
    { config, schema: { tags, summary: 'The archive itself, gzip of lines of JSON', params } },
    async ({ principal, params: { id } }, reply) => {
      const parts = await exports.open(principal.tenant, id);
      const name = `${principal.tenant.slug}.parley.gz`;
      return reply
        .type('application/gzip')
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(Readable.from(parts));
    },
  );
}
