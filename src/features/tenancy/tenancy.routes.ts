import type { App } from '../../platform/http/server.ts';
import type { TenantSecrets } from './secrets/tenant-secrets.ts';
import type { TenantSettings } from './settings/tenant-settings.ts';
import * as schema from './tenancy.schema.ts';

/** What the routes of this feature work with. */
export type Tenancy = { readonly settings: TenantSettings; readonly secrets: TenantSecrets };

/** `/v1/tenants/current/*`: what an admin does with the tenant of their credential. */
export function tenancyRoutes(app: App, { settings }: Tenancy): void {
  const tags = ['tenants'];
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
      const author = { userId: principal.userId, as: 'admin' } as const;
      return schema.presentSettings(await settings.change(principal.tenant, body, author));
    },
  );
}
