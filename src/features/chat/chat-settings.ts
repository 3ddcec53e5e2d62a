import type { Tenant, TenantSettings } from '../tenancy/index.ts';
import { chatSettings } from './chat-settings.schema.ts';

export type Titles = 'model' | 'question' | 'off';

/** What a tenant has decided about its runs. */
export type ChatRules = { instructions: string | null; titles: Titles };

export type ChatRulesOf = (tenant: Tenant) => Promise<ChatRules>;

/** `titles` is what counts where the tenant says nothing. */
export function chatRules(settings: Pick<TenantSettings, 'read'> | null, titles: Titles): ChatRulesOf {
  if (settings === null) return async () => ({ instructions: null, titles });
  return async (tenant) => ({
    instructions: await settings.read(tenant, chatSettings.instructions),
    titles: (await settings.read(tenant, chatSettings.titles)) ?? titles,
  });
}
