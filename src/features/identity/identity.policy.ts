import type { ApiKeyScope, MembershipRole } from '../../platform/database/schema.ts';

/** Each may do what those before it may. */
export const ROLES = ['viewer', 'member', 'admin', 'owner'] as const satisfies readonly MembershipRole[];
export type Role = (typeof ROLES)[number];

/** What a principal may be asked for: a role in its tenant, or to be an operator of the installation. */
export type RequiredRole = Role | 'operator';

/** The scope that an API key must have, besides its user's role. */
const SCOPE_FOR: Record<RequiredRole, ApiKeyScope> = {
  viewer: 'read',
  member: 'write',
  admin: 'admin',
  owner: 'admin',
  operator: 'operator',
};

/** The least access that a user must have to give a scope to a key. */
const ACCESS_FOR: Record<ApiKeyScope, RequiredRole> = {
  read: 'viewer',
  write: 'member',
  admin: 'admin',
  operator: 'operator',
};

export type Powers = {
  role: Role;
  operator: boolean;
  /** Null: all that the role gives. */
  scopes: readonly ApiKeyScope[] | null;
};

export type Refusal = { lacks: 'role' } | { lacks: 'scope'; scope: ApiKeyScope };

/** Null when the access is given. */
export function refusalOf(powers: Powers, access: RequiredRole): Refusal | null {
  const scope = SCOPE_FOR[access];
  if (powers.scopes !== null && !powers.scopes.includes(scope)) return { lacks: 'scope', scope };
  const given = access === 'operator' ? powers.operator : ROLES.indexOf(powers.role) >= ROLES.indexOf(access);
  return given ? null : { lacks: 'role' };
}

/** The scopes that a user may not give to a key. */
export function scopesBeyond(powers: Powers, scopes: readonly ApiKeyScope[]): ApiKeyScope[] {
  return scopes.filter((scope) => refusalOf({ ...powers, scopes: null }, ACCESS_FOR[scope]) !== null);
}

/** Whether a principal may act on a member of that role: nobody changes who is above them, or raises one above themselves. */
export function mayManageRole(powers: Powers, ...roles: readonly Role[]): boolean {
  return roles.every((role) => ROLES.indexOf(role) <= ROLES.indexOf(powers.role));
}

type KeyOwner = { user_id: string };

/** A key's own user; a service account's also an admin. Nobody else: its new secret would let them act as that person. */
export function mayRotateApiKey(
  principal: Powers & { userId: string },
  key: KeyOwner & { ofServiceAccount: boolean },
): boolean {
  return key.user_id === principal.userId || (key.ofServiceAccount && refusalOf(principal, 'admin') === null);
}

/** A key's own user, or an admin of the tenant. */
export function mayRevokeApiKey(principal: Powers & { userId: string }, key: KeyOwner): boolean {
  return key.user_id === principal.userId || refusalOf(principal, 'admin') === null;
}
