import { type Static, Type } from 'typebox';
import { pageQuery } from '../../platform/http/pagination.ts';
import { nullable, words } from '../../platform/http/schema.ts';
import type { TenantDetail } from './lifecycle/tenant-lifecycle.store.ts';
import type { SettingState } from './settings/tenant-settings.ts';
import type { ExportRow } from './transfer/export.store.ts';

const closed = { additionalProperties: false } as const;

export const SettingView = Type.Object(
  {
    key: Type.String({ description: '`<area>.<name>`.' }),
    value: Type.Unknown({ description: 'What counts now. Null: what this installation has for all.' }),
    default: Type.Unknown({ description: 'What counts where the tenant has set nothing.' }),
    is_set: Type.Boolean({ description: 'Whether the tenant has it otherwise than by default.' }),
    set_by: words(['admin', 'operator'], { description: 'Who may change it.' }),
    description: Type.String(),
    schema: Type.Unknown({ description: 'JSON Schema of its values.' }),
  },
  closed,
);

export const SettingList = Type.Object({ data: Type.Array(SettingView), next_cursor: Type.Null() }, closed);

export const SettingChangesBody = Type.Record(Type.String(), Type.Unknown(), {
  minProperties: 1,
  maxProperties: 100,
  description: 'New values by key; null takes a setting back to its default.',
});

export function presentSettings(states: readonly SettingState[]): Static<typeof SettingList> {
  const data = states.map(({ setting, value, isSet }) => ({
    key: setting.key,
    value,
    default: setting.fallback,
    is_set: isSet,
    set_by: setting.setBy,
    description: setting.description,
    schema: setting.schema,
  }));
  return { data, next_cursor: null };
}

const Id = Type.String({ format: 'uuid' });
const Time = Type.String({ format: 'date-time' });
const Name = Type.String({ minLength: 1, maxLength: 200, pattern: '^[^\\u0000-\\u001f]*\\S[^\\u0000-\\u001f]*$' });

export const ListQuery = Type.Object(pageQuery, closed);
export const TenantParams = Type.Object({ id: Id }, closed);

export const TenantView = Type.Object(
  {
    id: Id,
    slug: Type.String(),
    name: Type.String(),
    status: words(['active', 'suspended']),
    suspended_reason: nullable(Type.String()),
    migration_error: nullable(Type.String(), {
      description: 'Why its last migration failed; it is not served until then.',
    }),
    created_at: Time,
  },
  closed,
);
export const TenantList = Type.Object({ data: Type.Array(TenantView), next_cursor: nullable(Type.String()) }, closed);

const Rows = Type.Record(Type.String(), Type.Integer(), { description: 'Rows by table.' });
export const SizedTenant = Type.Object({ ...TenantView.properties, rows: Rows }, closed);

export const NewTenantBody = Type.Object(
  {
    name: Name,
    slug: Type.Optional(Type.String({ maxLength: 40, description: 'Unset: made of the name.' })),
    owner_email: Type.Optional(Type.String({ maxLength: 320, description: 'An account that is to own it.' })),
  },
  closed,
);
export const RenameBody = Type.Object({ name: Name }, closed);
export const SuspendBody = Type.Object({ reason: Type.Optional(Type.String({ maxLength: 500 })) }, closed);
export const ConfirmBody = Type.Object(
  { confirm: Type.String({ maxLength: 40, description: 'The tenant’s slug, so that it is the right one that goes.' }) },
  closed,
);

const receipt = {
  receipt: Type.Object(
    {
      tenant_id: Id,
      slug: Type.String(),
      name: Type.String(),
      deleted_at: Time,
      deleted_by: nullable(Id),
      rows: Rows,
      rows_total: Type.Integer(),
      kept: Type.Array(Type.String(), { description: 'Tables that keep what they have: the audit log.' }),
    },
    closed,
  ),
  signature: Type.String({ description: 'HMAC-SHA256 by which this installation knows the receipt again.' }),
};
export const Receipt = Type.Object(receipt, closed);
export const CheckedReceipt = Type.Object({ ...receipt, genuine: Type.Boolean() }, closed);

export function presentTenant(tenant: TenantDetail): Static<typeof TenantView> {
  return { ...tenant, created_at: tenant.created_at.toISOString() };
}

export const ExportView = Type.Object(
  {
    id: Id,
    status: words(['queued', 'running', 'ready', 'failed']),
    progress: Type.Number({ minimum: 0, maximum: 1 }),
    size_bytes: nullable(Type.Integer()),
    checksum: nullable(Type.String(), { description: 'SHA-256 of the archive, hex.' }),
    error: nullable(Type.String()),
    expires_at: Time,
    created_at: Time,
  },
  closed,
);
export type ExportView = Static<typeof ExportView>;
export const ExportList = Type.Object({ data: Type.Array(ExportView), next_cursor: Type.Null() }, closed);

export function presentExport({ tenant_id: _, expires_at, created_at, ...row }: ExportRow): ExportView {
  return { ...row, expires_at: expires_at.toISOString(), created_at: created_at.toISOString() };
}
