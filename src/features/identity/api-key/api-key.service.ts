import type { ApiKeyScope } from '../../../platform/database/schema.ts';
import { requestErrors } from '../../../platform/http/errors.ts';
import { isId, newId } from '../../../platform/id.ts';
import { type Act, type ActDetails, actBy, recordAct } from '../../tenancy/index.ts';
import { announceAccess } from '../access/access.store.ts';
import { shownName } from '../account-name.ts';
import { apiKeyErrors } from '../identity.errors.ts';
import { mayManageRole, mayRevokeApiKey, mayRotateApiKey, type Powers, scopesBeyond } from '../identity.policy.ts';
import type { Identity } from '../identity.ts';
import type { IdPage } from '../list-page.ts';
import { findMember } from '../member/member.store.ts';
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
  const fields = readKeyInput(identity, principal, input);
  return insertKey(identity, principal, { userId: principal.userId, ...fields });
}

/** `powers` are what the scopes must be within. @throws ApiError ERR_REQUEST_002 */
export function readKeyInput(identity: Identity, powers: Powers, input: ApiKeyInput): Omit<NewKey, 'userId'> {
  const name = shownName('name', input.name);
  if (name === null) throw invalid('name', 'must have at least one character that is no space');
  const scopes = chooseScopes(powers, input.scopes);
  const expires_at = input.expiresAt ?? null;
  if (expires_at !== null && !(expires_at > identity.clock.now())) {
    throw invalid('expires_at', 'must be a time in the future, such as 2030-01-31T00:00:00Z');
  }
  return { name, scopes, expires_at };
}

type NewKey = { userId: string; name: string; scopes: ApiKeyScope[]; expires_at: Date | null };

export async function insertKey(
  identity: Identity,
  principal: Principal,
  { userId, ...fields }: NewKey,
): Promise<{ key: string; row: store.ApiKeyRow }> {
  const { key, prefix, secret } = newApiKey();
  const row = await identity.database.transaction(async (trx) => {
    const owner = { user_id: userId, tenant_id: principal.tenant.id };
    const secret_hash = hashSecret(secret);
    const inserted = await store.insertApiKey(trx, { id: newId(), ...owner, ...fields, prefix, secret_hash });
    const { scopes } = fields;
    await recordAct(trx, keyAct(principal, 'api-key.create', inserted.id, { prefix, scopes }), identity.clock.now());
    return inserted;
  });
  return { key, row };
}

function keyAct(principal: Principal, act: Act['act'], id: string, details: ActDetails = {}): Act {
  return actBy(principal, { act, target: { kind: 'api-key', id }, details });
}

const DEFAULT_OVERLAP_MINUTES = 24 * 60;

/**
 * Gives a key another secret; the one before is good for `overlapMinutes` more, so that its users can be told. A secret
 * that was rotated away twice is good no more.
 * @throws ApiError ERR_KEY_001, ERR_KEY_002, ERR_KEY_003
 */
export async function rotateApiKey(
  identity: Identity,
  principal: Principal,
  id: string,
  overlapMinutes: number = DEFAULT_OVERLAP_MINUTES,
): Promise<{ key: string; row: store.ApiKeyRow }> {
  const found = await findManagedKey(identity, principal, id);
  const owner = await findMember(identity.database.db, principal.tenant.id, found.user_id);
  const ofServiceAccount = owner?.kind === 'service-account' && mayManageRole(principal, owner.role);
  if (!mayRotateApiKey(principal, { ...found, ofServiceAccount })) {
    throw apiKeyErrors.notYours('This API key belongs to another user; only they can give it another secret.');
  }
  const { secret } = newApiKey();
  const now = identity.clock.now();
  const previousUntil = new Date(now.getTime() + overlapMinutes * 60_000);
  const row = await identity.database.transaction(async (trx) => {
    const rotated = await store.rotateApiKey(trx, id, { hash: hashSecret(secret), previousUntil });
    await announceAccess(trx, found.user_id);
    await recordAct(trx, keyAct(principal, 'api-key.rotate', id, { overlap_minutes: overlapMinutes }), now);
    return rotated;
  });
  identity.apiKeys.forget(found.prefix);
  return { key: `${found.prefix}_${secret}`, row };
}

async function findManagedKey(identity: Identity, principal: Principal, id: string): Promise<store.ApiKeyRow> {
  requireLogin(principal);
  const key = isId(id) ? await store.findApiKey(identity.database.db, principal.tenant.id, id) : undefined;
  if (!key) throw apiKeyErrors.notFound();
  if (!mayRevokeApiKey(principal, key)) throw apiKeyErrors.notYours();
  return key;
}

function chooseScopes(principal: Powers, wanted?: readonly ApiKeyScope[]): ApiKeyScope[] {
  const scopes = [...new Set(wanted ?? DEFAULT_SCOPES)];
  const beyond = scopesBeyond(principal, scopes);
  if (wanted === undefined) return scopes.filter((scope) => !beyond.includes(scope));
  if (beyond.length === 0) return scopes;
  throw invalid('scopes', `must not have ${beyond.join(', ')}: the role ${principal.role} does not give it`);
}

/** The keys of the principal's user in this tenant that are not revoked, one more than the limit if there is one. */
export function listApiKeys(identity: Identity, principal: Principal, page: IdPage): Promise<store.ApiKeyRow[]> {
  const owner = { userId: principal.userId, tenantId: principal.tenant.id };
  return store.listApiKeys(identity.database.db, owner, page);
}

/** @throws ApiError ERR_KEY_001, ERR_KEY_002, ERR_KEY_003 */
export async function revokeApiKey(identity: Identity, principal: Principal, id: string): Promise<void> {
  const key = await findManagedKey(identity, principal, id);
  const now = identity.clock.now();
  await identity.database.transaction(async (trx) => {
    await store.revokeApiKey(trx, principal.tenant.id, id, now);
    await announceAccess(trx, key.user_id);
    await recordAct(trx, keyAct(principal, 'api-key.revoke', id, { prefix: key.prefix }), now);
  });
  identity.apiKeys.forget(key.prefix);
}

/** A key that could make keys could give itself scopes, or outlive its own revocation. */
function requireLogin(principal: Principal): void {
  if (principal.via === 'api-key') throw apiKeyErrors.notByKey();
}

function invalid(field: string, message: string) {
  return requestErrors.invalid(`${field} ${message}`, { fields: [{ field, message }] });
}
