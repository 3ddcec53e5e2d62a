import type { Rotation, SealedStore } from '../../platform/secrets/sealed-store.ts';
import type { Identity } from './identity.ts';
import { sealFactorsAnew } from './second-factor/second-factor.service.ts';

/** What of this feature is sealed, for `parley secrets rotate`. */
export function sealedStoresOf(identity: Identity): SealedStore[] {
  return [
    { name: 'signing keys', rotate: (): Promise<Rotation> => identity.keyRing.sealAnew() },
    { name: 'second factors', rotate: (): Promise<Rotation> => sealFactorsAnew(identity) },
  ];
}
