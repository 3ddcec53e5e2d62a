import { actBy, recordAct } from '../../tenancy/index.ts';
import { oauthErrors } from '../identity.errors.ts';
import * as users from '../identity.store.ts';
import type { Identity } from '../identity.ts';
import { requirePerson } from '../password/password-proof.ts';
import type { Principal } from '../principal.ts';
import * as store from './oauth.store.ts';

export function listLinkedProviders(identity: Identity, { userId }: Principal): Promise<store.ExternalIdentityRow[]> {
  return store.listExternalIdentities(identity.database.db, userId);
}

/**
 * Ends sign-ins of one's own by a provider.
 * @throws ApiError ERR_AUTH_014, ERR_OAUTH_008, and ERR_OAUTH_009 where nobody could sign in any more
 */
export async function unlinkProvider(identity: Identity, principal: Principal, provider: string): Promise<void> {
  requirePerson(principal);
  const { userId } = principal;
  await identity.database.transaction(async (trx) => {
    // Two that come at once must not both leave the other's as the last.
    await users.lockUser(trx, userId);
    const linked = await store.listExternalIdentities(trx, userId);
    if (!linked.some((one) => one.provider === provider)) throw oauthErrors.notLinked();
    const secret = await users.findUserSecret(trx, userId);
    const hasOther = linked.some((one) => one.provider !== provider && identity.providers.has(one.provider));
    if (secret?.password_hash == null && !hasOther) throw oauthErrors.lastWayIn();
    await store.deleteExternalIdentitiesAt(trx, userId, provider);
    await recordAct(trx, actBy(principal, { act: 'oauth.unlink', details: { provider } }), identity.clock.now());
  });
}
