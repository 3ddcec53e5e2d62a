import type { ApiKeyScope } from '../../platform/database/schema.ts';
import type { Origin, Tenant } from '../tenancy/index.ts';
import { type ApiKeyStateRow, findApiKeyState, setApiKeyUsed } from './api-key/api-key.store.ts';
import type { ApiKeyParts } from './api-key/api-key.ts';
import { parseApiKey, secretMatches } from './api-key/api-key.ts';
import { authErrors, challenge } from './identity.errors.ts';
import { type RequiredRole, type Role, refusalOf } from './identity.policy.ts';
import type { Identity } from './identity.ts';
import { requireStanding, type Standing } from './standing.ts';
import { findFamilyState } from './token/token-family.store.ts';
import { findVisitor } from './visitor/visitor.service.ts';

/** Who acts: a user, in one tenant, with a role. It comes from the credential and the database alone. */
export type Principal = {
  readonly userId: string;
  readonly tenant: Tenant;
  readonly role: Role;
  /** Of the installation, not of the tenant. */
  readonly operator: boolean;
  readonly via: 'access-token' | 'api-key' | 'visitor-token';
  readonly apiKeyId: string | null;
  /** Null: all that the role gives. */
  readonly scopes: readonly ApiKeyScope[] | null;
  /** The login that the access token belongs to; null for an API key. */
  readonly loginId?: string | null;
  /** Nobody: a service account, which has API keys and no password. */
  readonly serviceAccount?: boolean;
  /** Somebody without an account, who may call the routes that say so and nothing else. `keepDays`: how long their sessions
   * are kept. */
  readonly visitor?: { readonly keepDays: number };
  /** Where the request came from, for the audit log. */
  readonly origin?: Origin | undefined;
};

declare module 'fastify' {
  interface FastifyRequest {
    /** Who acts. On `public` routes there is none: those must not read it. */
    principal: Principal;
  }
}

export type CredentialHeaders = {
  authorization?: string | undefined;
  'x-api-key'?: string | string[] | undefined;
};

/**
 * The principal of a request, or null when it has no credential. A role, a deactivation or a revocation that this process
 * made counts at once, one of another process within a second.
 * @throws ApiError ERR_AUTH_002 for a credential that is wrong, ERR_USER_003, ERR_AUTH_006, ERR_AUTH_007
 */
export async function authenticate(identity: Identity, headers: CredentialHeaders): Promise<Principal | null> {
  if (headers.authorization !== undefined) return authenticateToken(identity, bearerOf(headers.authorization) ?? '');
  const key = headers['x-api-key'];
  if (key === undefined) return null;
  return authenticateApiKey(identity, parseApiKey(String(key)));
}

/** As `authenticate`, for an access token or API key that came by another way than the headers. */
export async function authenticateToken(identity: Identity, token: string): Promise<Principal> {
  const key = parseApiKey(token);
  return key === null ? authenticateAccessToken(identity, token) : authenticateApiKey(identity, key);
}

/** The token of `Authorization: Bearer <token>`; null for another scheme. */
export function bearerOf(authorization: string): string | null {
  return /^Bearer +([^\s]+) *$/i.exec(authorization)?.[1] ?? null;
}

/**
 * Refuses a principal whose role, or whose key's scopes, do not give the access.
 * @throws ApiError ERR_AUTH_004 without a principal, ERR_AUTH_003
 */
export function requireRole(
  principal: Principal | null | undefined,
  access: RequiredRole,
): asserts principal is Principal {
  if (!principal) throw authErrors.credentialRequired(undefined, challenge.absent);
  const refusal = refusalOf(principal, access);
  if (refusal === null) return;
  if (refusal.lacks === 'scope') {
    throw authErrors.forbidden(
      `This needs an API key with the scope ${refusal.scope}.`,
      challenge.scope(refusal.scope),
    );
  }
  throw authErrors.forbidden(
    access === 'operator'
      ? 'This is for operators of the installation.'
      : `This needs the role ${access}; yours is ${principal.role}.`,
  );
}

async function authenticateAccessToken(identity: Identity, token: string): Promise<Principal> {
  const claims = await identity.tokens.read(token);
  if (!claims) return authenticateVisitor(identity, token);
  const state = await identity.families.get(claims.familyId, () =>
    findFamilyState(identity.database.db, claims.familyId),
  );
  // Another installation may have the same secret, for example a copy of this one, but not the same logins.
  const same = state?.user_id === claims.userId && state.tenant_id === claims.tenantId;
  if (!state || !same || state.revoked_at !== null) throw invalidToken();
  requireStanding(state);
  if (state.requires_second_factor && !state.second_factor) throw invalidToken();
  const { is_operator: operator, family_id: loginId } = state;
  return { ...identityOf(state), operator, via: 'access-token', apiKeyId: null, scopes: null, loginId };
}

async function authenticateVisitor(identity: Identity, token: string): Promise<Principal> {
  const visitor = await findVisitor(identity, token);
  if (!visitor) throw invalidToken();
  const { visitorId: userId, tenant, keepDays } = visitor;
  const nothingElse = { operator: false, via: 'visitor-token', apiKeyId: null, scopes: null, loginId: null } as const;
  return { userId, tenant, role: 'member', ...nothingElse, visitor: { keepDays } };
}

/** Refuses a visitor on a route that is not for visitors. @throws ApiError ERR_AUTH_003 */
export function requireWelcome({ visitor }: Principal, visitors: boolean | undefined): void {
  if (visitor && !visitors) throw authErrors.forbidden('This needs an account; visitors have their own sessions only.');
}

async function authenticateApiKey(identity: Identity, key: ApiKeyParts | null): Promise<Principal> {
  if (key === null) throw invalidToken();
  const state = await identity.apiKeys.get(key.prefix, () => findApiKeyState(identity.database.db, key.prefix));
  const now = identity.clock.now();
  if (!state || !isSecretOf(state, key.secret, now)) throw invalidToken();
  if (state.revoked_at !== null || (state.expires_at !== null && state.expires_at <= now)) throw invalidToken();
  requireStanding(state);
  await noteUse(identity, state, now);
  const operator = state.is_operator && state.scopes.includes('operator');
  const { id: apiKeyId, scopes, kind } = state;
  const serviceAccount = kind === 'service-account';
  return { ...identityOf(state), operator, via: 'api-key', apiKeyId, scopes, loginId: null, serviceAccount };
}

/** Its secret, or for a while the one before the last rotation. */
function isSecretOf(state: ApiKeyStateRow, secret: string, now: Date): boolean {
  if (secretMatches(secret, state.secret_hash)) return true;
  const { previous_secret_hash: previous, previous_until: until } = state;
  return previous !== null && until !== null && until > now && secretMatches(secret, previous);
}

function identityOf(standing: Standing): Pick<Principal, 'userId' | 'tenant' | 'role'> {
  const { user_id, tenant_id, slug, role } = standing;
  return { userId: user_id, tenant: { id: tenant_id, slug }, role };
}

/** A busy key would otherwise write its row with every request. */
const LAST_USE_STEP_MS = 60_000;

async function noteUse(identity: Identity, state: ApiKeyStateRow, now: Date): Promise<void> {
  if (state.last_used_at !== null && now.getTime() - state.last_used_at.getTime() < LAST_USE_STEP_MS) return;
  // Set first: the row is cached, and requests at the same time must not all write.
  state.last_used_at = now;
  await setApiKeyUsed(identity.database.db, state.id, now);
}

function invalidToken() {
  return authErrors.invalidToken(undefined, challenge.invalid);
}
