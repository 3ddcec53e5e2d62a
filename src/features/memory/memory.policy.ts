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
