import { type Static, type TSchema, Type } from 'typebox';
import { pageQuery } from '../../platform/http/pagination.ts';
import type { ApiKeyRow } from './api-key/api-key.store.ts';
import type { MemberRow, MembershipRow, UserRow } from './identity.store.ts';
import type { Login } from './token/begin-login.ts';

export const closed = { additionalProperties: false } as const;
export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
export const Time = Type.String({ format: 'date-time' });
export const Id = Type.String({ format: 'uuid' });
export const list = <T extends TSchema>(entry: T) =>
  Type.Object({ data: Type.Array(entry), next_cursor: nullable(Type.String()) }, closed);

/** Far above the rule for new ones, because passwords that come from elsewhere may be longer. */
export const PASSWORD_INPUT_MAX = 1024;
export const Password = Type.String({ minLength: 1, maxLength: PASSWORD_INPUT_MAX });

/** As `nullable`, for what clients send: a union would answer one fault three times, once for each of its parts. */
export const nullableInput = <T extends TSchema>(schema: T & { type: string }) =>
  Type.Unsafe<Static<T> | null>({ ...schema, type: [schema.type, 'null'] });

export const RegisterBody = Type.Object(
  {
    email: Type.String({ minLength: 1, maxLength: 320, description: 'Unique without regard to case.' }),
    password: Type.String({ maxLength: PASSWORD_INPUT_MAX, description: '8 to 128 characters, any.' }),
    username: Type.Optional(
      nullableInput(
        Type.String({ maxLength: 320, description: '3 to 64 of A-Z a-z 0-9 _ . -; unique without regard to case.' }),
      ),
    ),
    full_name: Type.Optional(nullableInput(Type.String({ maxLength: 255 }))),
  },
  closed,
);
export type RegisterBody = Static<typeof RegisterBody>;

export const LoginBody = Type.Object(
  {
    email: Type.Optional(Type.String({ minLength: 1, maxLength: 320 })),
    username: Type.Optional(
      Type.String({ minLength: 1, maxLength: 320, description: 'A user name or e-mail address.' }),
    ),
    password: Password,
    remember_me: Type.Optional(Type.Boolean({ description: 'The refresh token lives 30 days instead of 7.' })),
    tenant: Type.Optional(
      Type.String({ minLength: 1, maxLength: 100, description: 'Slug; without it the tenant you joined first.' }),
    ),
  },
  closed,
);
export type LoginBody = Static<typeof LoginBody>;

/** The token may come in the body or as a bearer; then there may be no body at all. */
export const RefreshBody = nullableInput(
  Type.Object({ refresh_token: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })) }, closed),
);
export type RefreshBody = Static<typeof RefreshBody>;

const Scope = Type.Union([
  Type.Literal('read'),
  Type.Literal('write'),
  Type.Literal('admin'),
  Type.Literal('operator'),
]);

export const ApiKeyBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 255 }),
    scopes: Type.Optional(
      Type.Array(Type.Unsafe<Static<typeof Scope>>({ type: 'string', enum: ['read', 'write', 'admin', 'operator'] }), {
        minItems: 1,
        maxItems: 4,
        description: 'What the key may do, within your role. Without it: read and write.',
      }),
    ),
    expires_at: Type.Optional(nullableInput(Time)),
  },
  closed,
);
export type ApiKeyBody = Static<typeof ApiKeyBody>;

export const RotateKeyBody = nullableInput(
  Type.Object(
    {
      overlap_minutes: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: 43_200,
          description: 'For how long the old secret stays good; 1,440 unless set.',
        }),
      ),
    },
    closed,
  ),
);

export const ApiKeyParams = Type.Object({ id: Type.String({ maxLength: 100 }) }, closed);
export const ListQuery = Type.Object(pageQuery, closed);

export const Role = Type.Union([
  Type.Literal('owner'),
  Type.Literal('admin'),
  Type.Literal('member'),
  Type.Literal('viewer'),
]);

const userFields = {
  id: Id,
  email: Type.String(),
  username: nullable(Type.String()),
  full_name: nullable(Type.String()),
  is_active: Type.Boolean(),
  email_verified: Type.Boolean(),
  last_login_at: nullable(Time),
  created_at: Time,
};
export const User = Type.Object({ ...userFields, is_operator: Type.Boolean() }, closed);
export const Member = Type.Object({ ...userFields, role: Role }, closed);
export const Tenant = Type.Object(
  {
    id: Id,
    slug: Type.String(),
    name: Type.String(),
    role: Role,
    requires_second_factor: Type.Boolean(),
    created_at: Time,
  },
  closed,
);
const ApiKey = Type.Object(
  {
    id: Id,
    name: Type.String(),
    prefix: Type.String({ description: 'The visible part of the key.' }),
    scopes: Type.Array(Scope),
    expires_at: nullable(Time),
    last_used_at: nullable(Type.String({ format: 'date-time', description: 'To the minute.' })),
    created_at: Time,
  },
  closed,
);

export const AccountReply = Type.Object({ user: User, tenant: Tenant }, closed);
export const LoginReply = Type.Object(
  {
    access_token: Type.String(),
    token_type: Type.Literal('bearer'),
    expires_in: Type.Integer({ description: 'Seconds.' }),
    refresh_token: Type.String({ description: 'Good for one refresh.' }),
    user: User,
    tenant: Tenant,
  },
  closed,
);
export const NewApiKeyReply = Type.Object(
  { ...ApiKey.properties, key: Type.String({ description: 'Shown this once.' }) },
  closed,
);
export const ApiKeyList = list(ApiKey);
export const TenantList = list(Tenant);
export const MemberList = list(Member);

function presentUserFields(user: UserRow) {
  const { id, email, username, full_name, is_active, last_login_at, created_at } = user;
  const email_verified = user.email_verified_at !== null;
  return {
    id,
    email,
    username,
    full_name,
    is_active,
    email_verified,
    last_login_at: last_login_at?.toISOString() ?? null,
    created_at: created_at.toISOString(),
  };
}

export function presentUser(user: UserRow) {
  return { ...presentUserFields(user), is_operator: user.is_operator };
}

/** Who is an operator of the installation is no business of the tenant's admins. */
export function presentMember(member: MemberRow) {
  const is_active = member.is_active && member.is_member_active;
  return { ...presentUserFields(member), is_active, role: member.role };
}

export function presentTenant({ id, slug, name, role, requires_second_factor, created_at }: MembershipRow) {
  return { id, slug, name, role, requires_second_factor, created_at: created_at.toISOString() };
}

export function presentLogin(login: Login) {
  return {
    access_token: login.accessToken,
    token_type: 'bearer' as const,
    expires_in: login.expiresIn,
    refresh_token: login.refreshToken,
    user: presentUser(login.user),
    tenant: presentTenant(login.tenant),
  };
}

export function presentApiKey(key: ApiKeyRow) {
  const { id, name, prefix, scopes, expires_at, last_used_at, created_at } = key;
  return {
    id,
    name,
    prefix,
    scopes,
    expires_at: expires_at?.toISOString() ?? null,
    last_used_at: last_used_at?.toISOString() ?? null,
    created_at: created_at.toISOString(),
  };
}
