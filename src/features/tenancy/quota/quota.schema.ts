import { Type } from 'typebox';
import { defineTenantSettings } from '../settings/tenant-setting.schema.ts';

const quota = (description: string) =>
  ({
    schema: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    fallback: null,
    description,
    setBy: 'operator',
  }) as const;

/** How much of something a tenant may have. Null: as much as it likes. */
export const quotaSettings = defineTenantSettings('quotas', {
  documents: quota('Documents at the same time.'),
  storage_bytes: quota('Bytes of the originals of documents and attachments.'),
  members: quota('People in the tenant; service accounts are not counted.'),
  sessions: quota('Sessions of all users together.'),
  repositories: quota('Code repositories at the same time.'),
  analyses: quota('Analyses of code that are kept at the same time.'),
});

export type QuotaName = keyof typeof quotaSettings;
