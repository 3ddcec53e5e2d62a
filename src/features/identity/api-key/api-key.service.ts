import type { ApiKeyScope } from '../../../platform/database/schema.ts';
import { requestErrors } from '../../../platform/http/errors.ts';
import { isId, newId } from '../../../platform/id.ts';
import { shownName } from '../account-name.ts';
import { apiKeyErrors } from '../identity.errors.ts';
import { mayRevokeApiKey, scopesBeyond } from '../identity.policy.ts';
import type { Identity } from '../identity.ts';
import type { IdPage } from '../list-page.ts';
import type { Principal } from '../principal.ts';
import * as store from './api-key.store.ts';
import { hashSecret, newApiKey } from './api-key.ts';

/** A new key reads and writes; it administers only where that was asked for. A viewer's only reads. */
const DEFAULT_SCOPES: readonly ApiKeyScope[] = ['read', 'write'];

export type ApiKeyInput = {
  name: string;
  scopes?: readonly ApiKeyScope[] | undefined;
  expiresAt?: Date | null | undefined;
};

/**
 * Makes a key that acts for the principal's user in the principal's tenant. The key is in this answer and nowhere else.
 * @throws ApiError ERR_KEY_003, ERR_REQUEST_002 naming `scopes` or `expires_at`
 */
export async function createApiKey(
  identity: Identity,
  principal: Principal,
  input: ApiKeyInput,
): Promise<{ key: string; row: store.ApiKeyRow }> {
  requireLogin(principal);
  const name = shownName('name', input.name);
  if (name === null) throw invalid('name', 'must have at least one character that is no space');
  const scopes = chooseScopes(principal, input.scopes);
  const expires_at = input.expiresAt ?? null;
  if (expires_at !== null && !(expires_at > identity.clock.now())) {
    throw invalid('expires_at', 'must be a time in the future, such as 2030-01-31T00:00:00Z');
  }
  const { key, prefix, secret } = newApiKey();
  const row = await store.insertApiKey(identity.database.db, {
    id: newId(),
    user_id: principal.userId,
    tenant_id: principal.tenant.id,
    name,
    prefix,
    secret_hash: hashSecret(secret),
    scopes,
    expires_at,
  });
  return { key, row };
}

function chooseScopes(principal: Principal, wanted?: readonly ApiKeyScope[]): ApiKeyScope[] {
  const scopes = [...new Set(wanted ?? DEFAULT_SCOPES)];
  const beyond = scopesBeyond(principal, scopes);
  if (wanted === undefined) return scopes.filter((scope) => !beyond.includes(scope));
  if (beyond.length === 0) return scopes;
  throw invalid('scopes', `must not have ${beyond.join(', ')}: your role (${principal.role}) does not give it`);
}

/** The keys of the principal's user in this tenant that are not revoked, one more than the limit if there is one. */
export function listApiKeys(identity: Identity, principal: Principal, page: IdPage): Promise<store.ApiKeyRow[]> {
  const owner = { userId: principal.userId, tenantId: principal.tenant.id };
  return store.listApiKeys(identity.database.db, owner, page);
}

/** @throws ApiError ERR_KEY_001, ERR_KEY_002, ERR_KEY_003 */
export async function revokeApiKey(identity: Identity, principal: Principal, id: string): Promise<void> {
  requireLogin(principal);
  const { db } = identity.database;
  const key = isId(id) ? await store.findApiKey(db, principal.tenant.id, id) : undefined;
  if (!key) throw apiKeyErrors.notFound();
  if (!mayRevokeApiKey(principal, key)) throw apiKeyErrors.notYours();
  await store.revokeApiKey(db, principal.tenant.id, id, identity.clock.now());
  identity.apiKeys.forget(key.prefix);
}

/** A key that could make keys could give itself scopes, or outlive its own revocation. */
function requireLogin(principal: Principal): void {
  if (principal.via === 'api-key') throw apiKeyErrors.notByKey();
}

function invalid(field: string, message: string) {
  return requestErrors.invalid(`${field} ${message}`, { fields: [{ field, message }] });
}
