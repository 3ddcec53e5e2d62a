import type { TenantLifecycle } from './lifecycle/tenant-lifecycle.ts';
import type { ProviderKeys } from './provider-key/provider-key.service.ts';
import type { TenantSecrets } from './secrets/tenant-secrets.ts';
import type { TenantSettings } from './settings/tenant-settings.ts';
import type { TenantExports } from './transfer/tenant-exports.ts';

/** What the routes and commands of this feature work with. */
export type Tenancy = {
  readonly settings: TenantSettings;
  readonly secrets: TenantSecrets;
  readonly providerKeys: ProviderKeys;
  readonly lifecycle: TenantLifecycle;
  readonly exports: TenantExports;
};
