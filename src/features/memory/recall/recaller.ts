import type { Principal } from '../../identity/index.ts';

/** Who recalls: a principal, or the user that a run belongs to. */
export type Recaller = Pick<Principal, 'tenant' | 'userId' | 'apiKeyId'>;
