import { type Static, Type } from 'typebox';
import { closed, Id, list, nullable, nullableInput, PASSWORD_INPUT_MAX, Password, Time } from './identity.schema.ts';
import type { LoginRow } from './token/token-family.store.ts';

const Email = Type.String({ minLength: 1, maxLength: 320 });
/** Of a mail, or a challenge. */
export const Secret = Type.String({ minLength: 1, maxLength: 200 });
const NewPassword = Type.String({ maxLength: PASSWORD_INPUT_MAX, description: '8 to 128 characters, any.' });

export const ProfileBody = Type.Object(
  {
    username: Type.Optional(nullableInput(Type.String({ maxLength: 320 }))),
    full_name: Type.Optional(nullableInput(Type.String({ maxLength: 255 }))),
  },
  closed,
);
export const ForgotBody = Type.Object({ email: Email }, closed);
export const ResetBody = Type.Object({ token: Secret, password: NewPassword }, closed);
export const ChangePasswordBody = Type.Object(
  {
    current_password: Type.Optional(Password),
    new_password: NewPassword,
  },
  closed,
);
export const EmailBody = Type.Object({ email: Email, password: Type.Optional(Password) }, closed);
export const TokenBody = Type.Object({ token: Secret }, closed);
export const SwitchBody = Type.Object({ tenant: Type.String({ minLength: 1, maxLength: 100 }) }, closed);
export const LoginParams = Type.Object({ id: Type.String({ maxLength: 100 }) }, closed);

const Login = Type.Object(
  {
    id: Id,
    current: Type.Boolean({ description: 'The one that asks.' }),
    tenant: Type.Object({ id: Id, slug: Type.String(), name: Type.String() }, closed),
    second_factor: Type.Boolean(),
    address: nullable(Type.String()),
    user_agent: nullable(Type.String()),
    created_at: Time,
    last_used_at: nullable(Time),
    expires_at: Time,
  },
  closed,
);
export const LoginList = list(Login);

export function presentLoginRow(row: LoginRow, currentId: string | null | undefined): Static<typeof Login> {
  return {
    id: row.id,
    current: row.id === currentId,
    tenant: { id: row.tenant_id, slug: row.slug, name: row.tenant_name },
    second_factor: row.second_factor,
    address: row.address,
    user_agent: row.user_agent,
    created_at: row.created_at.toISOString(),
    last_used_at: row.last_used_at?.toISOString() ?? null,
    expires_at: row.expires_at.toISOString(),
  };
}
