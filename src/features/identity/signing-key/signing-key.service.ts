import { type Act, actBy, recordAct, SYSTEM } from '../../tenancy/index.ts';
import { announceAccess, SIGNING_KEYS } from '../access/access.store.ts';
import { keyRingErrors } from '../identity.errors.ts';
import type { Identity } from '../identity.ts';
import type { Principal } from '../principal.ts';
import type { PublicKey } from './key-ring.ts';

/** What others need to verify our access tokens. */
export function listPublicKeys(identity: Identity): Promise<readonly PublicKey[]> {
  return identity.keyRing.publicKeys();
}

/**
 * Another key signs access tokens from now on. What older ones signed is believed for `overlapMinutes` more, by default for
 * as long as a token lives; 0 ends all access tokens at once, for a key that got out: clients then refresh.
 * `principal`: null for the command line.
 * @throws ApiError ERR_SIGNING_001
 */
export async function rotateSigningKey(
  identity: Identity,
  principal: Principal | null,
  overlapMinutes: number = Math.ceil(identity.tokens.lifetime / 60),
): Promise<string> {
  const now = identity.clock.now();
  const kid = await identity.database.transaction(async (trx) => {
    const made = await identity.keyRing.rotate(trx, overlapMinutes);
    if (made === null) throw keyRingErrors.symmetric();
    await announceAccess(trx, SIGNING_KEYS);
    const rotated = { act: 'signing-key.rotate', target: { kind: 'signing-key', id: made } } as const;
    const details = { overlap_minutes: overlapMinutes };
    const act: Act = principal
      ? { ...actBy(principal, { ...rotated, details }), tenantId: null }
      : { ...rotated, details, tenantId: null, actor: SYSTEM };
    await recordAct(trx, act, now);
    return made;
  });
  await identity.keyRing.refresh();
  return kid;
}
