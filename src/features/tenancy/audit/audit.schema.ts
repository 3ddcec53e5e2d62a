import { type Static, Type } from 'typebox';
import { pageQuery } from '../../../platform/http/pagination.ts';
import { nullable, words } from '../../../platform/http/schema.ts';
import { INSTALLATION } from './act.ts';
import type { Integrity } from './audit.service.ts';
import type { EntryRow } from './audit.store.ts';

const closed = { additionalProperties: false } as const;
const Time = Type.String({ format: 'date-time' });
const Id = Type.String({ format: 'uuid' });

const filter = {
  act: Type.Optional(
    Type.String({ minLength: 1, maxLength: 80, description: 'An act such as `api-key.create`, or `api-key` for all.' }),
  ),
  actor_id: Type.Optional(Id),
  target_id: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  from: Type.Optional(Type.String({ format: 'date-time', description: 'The first moment.' })),
  to: Type.Optional(Type.String({ format: 'date-time', description: 'The moment after the last.' })),
};
const ofTenant = {
  tenant_id: Type.Optional(Type.String({ format: 'uuid', description: `One tenant; ${INSTALLATION}: none.` })),
};
const exported = {
  format: Type.Optional(words(['ndjson', 'csv'], { default: 'ndjson' })),
};

export const AuditQuery = Type.Object({ ...pageQuery, ...filter }, closed);
export const ExportQuery = Type.Object({ ...exported, ...filter }, closed);
export const AllAuditQuery = Type.Object({ ...pageQuery, ...filter, ...ofTenant }, closed);
export const AllExportQuery = Type.Object({ ...exported, ...filter, ...ofTenant }, closed);
export type Filter = Static<typeof AllAuditQuery>;

const Entry = Type.Object(
  {
    id: Id,
    number: Type.Integer({ description: '1, 2, 3, … in each tenant, without a gap.' }),
    tenant_id: Type.Union([Id, Type.Null()], { description: 'Null: of the installation.' }),
    act: Type.String(),
    actor: Type.Object(
      {
        kind: words(['user', 'service-account', 'anonymous', 'system']),
        id: nullable(Id),
        api_key_id: nullable(Id),
      },
      closed,
    ),
    target: Type.Union([Type.Object({ kind: Type.String(), id: Type.String() }, closed), Type.Null()]),
    address: nullable(Type.String()),
    request_id: nullable(Type.String()),
    details: Type.Record(Type.String(), Type.Unknown()),
    created_at: Time,
    hash: Type.String({ description: 'SHA-256 of the hash before it and of this entry, hex.' }),
  },
  closed,
);
export const AuditList = Type.Object({ data: Type.Array(Entry), next_cursor: nullable(Type.String()) }, closed);
export const IntegrityReply = Type.Object(
  {
    intact: Type.Boolean(),
    entries: Type.Integer({ description: 'Entries whose hash was computed again and fits.' }),
    broken_at: Type.Union([Type.Object({ tenant_id: nullable(Id), number: Type.Integer() }, closed), Type.Null()]),
  },
  closed,
);

export type PresentedEntry = Static<typeof Entry>;

const shownTenant = (id: string): string | null => (id === INSTALLATION ? null : id);

export function presentEntry(row: EntryRow): PresentedEntry {
  const { target_kind, target_id } = row;
  return {
    id: row.id,
    number: row.number,
    tenant_id: shownTenant(row.tenant_id),
    act: row.act,
    actor: { kind: row.actor_kind, id: row.actor_id, api_key_id: row.api_key_id },
    target: target_kind === null || target_id === null ? null : { kind: target_kind, id: target_id },
    address: row.address,
    request_id: row.request_id,
    details: row.details,
    created_at: row.created_at.toISOString(),
    hash: row.hash.toString('hex'),
  };
}

export function presentIntegrity({ entries, broken }: Integrity): Static<typeof IntegrityReply> {
  const broken_at = broken && { tenant_id: shownTenant(broken.tenantId), number: broken.number };
  return { intact: broken === null, entries, broken_at };
}
