import type { TenantTransaction } from '../../../platform/database/database.ts';
import { breaksReference } from '../../../platform/database/failures.ts';
import type { Principal } from '../../identity/index.ts';
import type { Tenant } from '../../tenancy/index.ts';
import { ensureSpace } from './memory.store.ts';

/** Whose memory a request is about. */
export type SpaceChoice = { subject?: string | undefined; scope?: 'private' | 'shared' | undefined };

export type Spaces = {
  /** The number of the space that a request writes to; made when it is the first time. */
  ensure(trx: TenantTransaction, principal: Pick<Principal, 'userId' | 'tenant'>, choice: SpaceChoice): Promise<number>;
  /** The same where this process knows it. */
  known(principal: Pick<Principal, 'userId' | 'tenant'>, choice: SpaceChoice): number | undefined;
  ownerOf(principal: Pick<Principal, 'userId'>, choice: SpaceChoice): { userId: string | null; subject: string };
  /** Numbers of this tenant's spaces may no longer be right. */
  forget(tenant: Pick<Tenant, 'id'>): void;
  /** Does a transaction that writes into spaces; once more with new numbers, where one of them is of a space that is gone or
   * was never committed. */
  withKnown<Result>(tenant: Tenant, work: () => Promise<Result>): Promise<Result>;
};

/** A program may speak for many people: their spaces are looked up again when this many are known. */
const MOST_KNOWN = 20_000;

export function createSpaces(): Spaces {
  const known = new Map<string, number>();
  const keyOf = ({ id }: Tenant, { userId, subject }: { userId: string | null; subject: string }) =>
    `${id} ${userId} ${subject}`;
  const ownerOf: Spaces['ownerOf'] = (principal, { subject = '', scope = 'private' }) =>
    scope === 'shared' ? { userId: null, subject } : { userId: principal.userId, subject };

  const forget: Spaces['forget'] = (tenant) => {
    for (const key of known.keys()) if (key.startsWith(`${tenant.id} `)) known.delete(key);
  };

  return {
    ownerOf,
    forget,
    withKnown: (tenant, work) =>
      work().catch((error: unknown) => {
        if (!breaksReference(error)) throw error;
        forget(tenant);
        return work();
      }),
    known: (principal, choice) => known.get(keyOf(principal.tenant, ownerOf(principal, choice))),
    ensure: async (trx, principal, choice) => {
      const owner = ownerOf(principal, choice);
      const key = keyOf(principal.tenant, owner);
      const found = known.get(key);
      if (found !== undefined) return found;
      const id = await ensureSpace(trx, owner);
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(key, id);
      return id;
    },
  };
}
