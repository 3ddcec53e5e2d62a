import type { AuditActorKind } from '../../../platform/database/schema.ts';
import { newId } from '../../../platform/id.ts';

/** Where an act came from, as far as it is known. */
export type Origin = { readonly address: string | null; readonly requestId: string | null };

export type Actor = {
  readonly kind: AuditActorKind;
  /** The user or service account; null for `anonymous` and `system`. */
  readonly id: string | null;
  readonly apiKeyId?: string | null;
};

/** Never a secret, and nothing that somebody wrote to be private: the log is kept for ever, and exported. */
export type ActDetails = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** Something that somebody did, or tried, and that matters for security. */
export type Act = {
  /** `<what>.<verb>`, in words with hyphens: `api-key.create`. */
  readonly act: `${string}.${string}`;
  /** Null: of the installation, shown to operators only. */
  readonly tenantId: string | null;
  readonly actor: Actor;
  readonly target?: { readonly kind: string; readonly id: string } | undefined;
  readonly origin?: Origin | undefined;
  readonly details?: ActDetails | undefined;
};

/** What `actBy` needs to know of a principal. */
export type ActingPrincipal = {
  readonly userId: string;
  readonly tenant: { readonly id: string };
  readonly apiKeyId: string | null;
  readonly origin?: Origin | undefined;
  readonly serviceAccount?: boolean | undefined;
};

export const SYSTEM: Actor = { kind: 'system', id: null };
export const ANONYMOUS: Actor = { kind: 'anonymous', id: null };

/** An act of a principal in its tenant, ready for `recordAct`. */
export function actBy(principal: ActingPrincipal, act: Pick<Act, 'act' | 'target' | 'details'>): Act {
  const kind = principal.serviceAccount ? 'service-account' : 'user';
  return {
    ...act,
    tenantId: principal.tenant.id,
    actor: { kind, id: principal.userId, apiKeyId: principal.apiKeyId },
    origin: principal.origin,
  };
}

/** Stands for the installation in the column `tenant_id`. */
export const INSTALLATION = '00000000-0000-0000-0000-000000000000';

/** One entry of the log, before it has its place in it. */
export type Entry = {
  id: string;
  tenant_id: string;
  act: string;
  actor_kind: AuditActorKind;
  actor_id: string | null;
  api_key_id: string | null;
  target_kind: string | null;
  target_id: string | null;
  address: string | null;
  request_id: string | null;
  details: ActDetails;
  created_at: Date;
};

export function entryOf(act: Act, at: Date): Entry {
  return {
    id: newId(),
    tenant_id: act.tenantId ?? INSTALLATION,
    act: act.act,
    actor_kind: act.actor.kind,
    actor_id: act.actor.id,
    api_key_id: act.actor.apiKeyId ?? null,
    target_kind: act.target?.kind ?? null,
    target_id: storable(act.target?.id ?? null),
    address: storable(act.origin?.address ?? null),
    request_id: storable(act.origin?.requestId ?? null),
    details: storableDetails(act.details ?? {}),
    created_at: at,
  };
}

/** Postgres takes neither NUL nor half a character; a log must not fail for what somebody typed. */
function storable<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(storable) as Value;
  return typeof value === 'string' ? (value.toWellFormed().replaceAll('\0', '\ufffd') as Value) : value;
}

function storableDetails(details: ActDetails): ActDetails {
  return Object.fromEntries(Object.entries(details).map(([name, value]) => [name, storable(value)]));
}

/** What the hash of an entry is made of: its fields in this order, the details' in order of name. */
export function contentOf(entry: Entry): string {
  const details = Object.entries(entry.details).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([
    entry.id,
    entry.tenant_id,
    entry.act,
    entry.actor_kind,
    entry.actor_id,
    entry.api_key_id,
    entry.target_kind,
    entry.target_id,
    entry.address,
    entry.request_id,
    details,
    entry.created_at.toISOString(),
  ]);
}
