import { type Principal, ROLES } from '../identity/index.ts';
import { memoryErrors } from './memory.errors.ts';

/** Whose a memory is: a user's, or the tenant's where there is no user. */
export type Owned = { user_id: string | null; created_by: string };

/** A memory is private to the user in whose name it was stored; what was stored as shared is read by the whole tenant. */
export function assertMayRead(
  principal: Pick<Principal, 'userId'>,
  memory: Owned | undefined,
): asserts memory is Owned {
  if (!memory) throw memoryErrors.notFound();
  if (memory.user_id !== null && memory.user_id !== principal.userId) throw memoryErrors.forbidden();
}

/** A shared memory is changed by who stored it, or by an admin. */
export function assertMayChange(
  principal: Pick<Principal, 'userId' | 'role'>,
  memory: Owned | undefined,
): asserts memory is Owned {
  assertMayRead(principal, memory);
  if (memory.user_id === principal.userId || memory.created_by === principal.userId) return;
  if (ROLES.indexOf(principal.role) < ROLES.indexOf('admin')) {
    throw memoryErrors.forbidden('This memory is shared by the tenant. Who stored it, or an admin, can change it.');
  }
}

/** A fact is its user's alone. One that all of the tenant see has nobody who said it of themselves: an admin may change it. */
export function assertMayChangeFact<Fact extends Pick<Owned, 'user_id'>>(
  principal: Pick<Principal, 'userId' | 'role'>,
  fact: Fact | undefined,
): asserts fact is Fact {
  if (!fact) throw memoryErrors.factNotFound();
  const isShared = fact.user_id === null;
  if (isShared ? ROLES.indexOf(principal.role) >= ROLES.indexOf('admin') : fact.user_id === principal.userId) return;
  throw memoryErrors.forbidden('This fact belongs to another user’s memory.');
}
