import { requestErrors } from '../../../platform/http/errors.ts';
import { isId, newId } from '../../../platform/id.ts';
import { actBy, recordAct } from '../../tenancy/index.ts';
import { shownName } from '../account-name.ts';
import { type ApiKeyInput, insertKey, readKeyInput } from '../api-key/api-key.service.ts';
import { type ApiKeyRow, listApiKeys } from '../api-key/api-key.store.ts';
import { userErrors } from '../identity.errors.ts';
import { mayManageRole, type Role } from '../identity.policy.ts';
import * as users from '../identity.store.ts';
import type { Identity } from '../identity.ts';
import type { IdPage } from '../list-page.ts';
import { requirePerson } from '../password/password-proof.ts';
import type { Principal } from '../principal.ts';
import * as store from './service-account.store.ts';

export type ServiceAccount = store.ServiceAccountRow;

/**
 * Makes a principal without a person, for programs: it acts by API keys alone, and stays when whoever made it goes.
 * @throws ApiError ERR_AUTH_014, ERR_USER_008, ERR_REQUEST_002 naming `name`
 */
export async function createServiceAccount(
  identity: Identity,
  principal: Principal,
  input: { name: string; role: Role },
): Promise<store.ServiceAccountRow> {
  requirePerson(principal);
  if (!mayManageRole(principal, input.role)) throw userErrors.aboveYou();
  const full_name = shownName('name', input.name);
  if (full_name === null) {
    const message = 'must have at least one character that is no space';
    throw requestErrors.invalid(`name ${message}`, { fields: [{ field: 'name', message }] });
  }
  const id = newId();
  // RFC 2606: no mail reaches this domain, so that no password can be asked for.
  const email = `${id}@service-account.invalid`;
  const account = { id, email, username: null, full_name, password_hash: null, is_operator: false } as const;
  return identity.database.transaction(async (trx) => {
    const user = await users.insertUser(trx, { ...account, kind: 'service-account' });
    await users.insertMembership(trx, { tenant_id: principal.tenant.id, user_id: id, role: input.role });
    const target = { kind: 'service-account', id };
    const details = { role: input.role };
    const act = actBy(principal, { act: 'service-account.create', target, details });
    await recordAct(trx, act, identity.clock.now());
    return { id, full_name, role: input.role, is_active: true, created_at: user.created_at };
  });
}

export function listServiceAccounts(
  identity: Identity,
  principal: Principal,
  page: IdPage,
): Promise<store.ServiceAccountRow[]> {
  return store.listServiceAccounts(identity.database.db, principal.tenant.id, page);
}

async function findAccount(identity: Identity, principal: Principal, id: string): Promise<store.ServiceAccountRow> {
  const { db } = identity.database;
  const account = isId(id) ? await store.findServiceAccount(db, principal.tenant.id, id) : undefined;
  if (!account) throw userErrors.notFound('There is no service account with this id here.');
  return account;
}

/**
 * Makes an API key of a service account, within the account's role.
 * @throws ApiError ERR_AUTH_014, ERR_USER_007, ERR_USER_008, ERR_REQUEST_002
 */
export async function createServiceAccountKey(
  identity: Identity,
  principal: Principal,
  id: string,
  input: ApiKeyInput,
): Promise<{ key: string; row: ApiKeyRow }> {
  requirePerson(principal);
  const { role } = await findAccount(identity, principal, id);
  if (!mayManageRole(principal, role)) throw userErrors.aboveYou();
  const fields = readKeyInput(identity, { role, operator: false, scopes: null }, input);
  return insertKey(identity, principal, { userId: id, ...fields });
}

/** @throws ApiError ERR_USER_007 */
export async function listServiceAccountKeys(
  identity: Identity,
  principal: Principal,
  id: string,
  page: IdPage,
): Promise<ApiKeyRow[]> {
  await findAccount(identity, principal, id);
  return listApiKeys(identity.database.db, { userId: id, tenantId: principal.tenant.id }, page);
}
