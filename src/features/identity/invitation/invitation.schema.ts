import { type Static, Type } from 'typebox';
import { words } from '../../../platform/http/schema.ts';
import { Secret } from '../account.schema.ts';
import { ROLES } from '../identity.policy.ts';
import { closed, Id, list, nullable, nullableInput, PASSWORD_INPUT_MAX, Tenant, Time } from '../identity.schema.ts';
import type { NewInvitation, ShownInvitation } from './invitation.service.ts';
import type { InvitationRow } from './invitation.store.ts';

export const InviteBody = Type.Object(
  { email: Type.String({ minLength: 1, maxLength: 320 }), role: Type.Optional(words(ROLES)) },
  closed,
);
export const InvitationParams = Type.Object({ id: Type.String({ maxLength: 100 }) }, closed);
export const InvitationBody = Type.Object({ token: Secret }, closed);
export const AcceptBody = Type.Object(
  {
    token: Secret,
    password: Type.String({ maxLength: PASSWORD_INPUT_MAX, description: '8 to 128 characters, any.' }),
    full_name: Type.Optional(nullableInput(Type.String({ maxLength: 255 }))),
  },
  closed,
);

const Invitation = Type.Object(
  {
    id: Id,
    email: Type.String(),
    role: words(ROLES),
    invited_by: nullable(Id),
    expires_at: Time,
    created_at: Time,
  },
  closed,
);
export const NewInvitationReply = Type.Object(
  {
    ...Invitation.properties,
    link: nullable(Type.String({ description: 'To pass on, where the installation sends no mail; shown this once.' })),
  },
  closed,
);
export const InvitationList = list(Invitation);
export const ShownInvitationReply = Type.Object(
  {
    tenant_name: Type.String(),
    email: Type.String(),
    role: words(ROLES),
    has_account: Type.Boolean({ description: 'Whether to log in, or to make an account.' }),
  },
  closed,
);
export const JoinedReply = Type.Object({ tenant: Tenant }, closed);

export function presentInvitation(row: InvitationRow): Static<typeof Invitation> {
  const { id, email, role, invited_by, expires_at, created_at } = row;
  return { id, email, role, invited_by, expires_at: expires_at.toISOString(), created_at: created_at.toISOString() };
}

export function presentNewInvitation({ row, link }: NewInvitation): Static<typeof NewInvitationReply> {
  return { ...presentInvitation(row), link };
}

export function presentShown(shown: ShownInvitation): Static<typeof ShownInvitationReply> {
  const { tenantName: tenant_name, email, role, hasAccount: has_account } = shown;
  return { tenant_name, email, role, has_account };
}
