import type { Principal } from '../identity/index.ts';
import { documentErrors } from './documents.errors.ts';

const ADMINS: readonly Principal['role'][] = ['admin', 'owner'];

/** Documents are shared within a tenant: everybody reads and searches them; who added one, or an admin, changes it. */
export function assertMayChange(
  principal: Pick<Principal, 'userId' | 'role'>,
  document: { created_by: string | null },
): void {
  if (document.created_by === principal.userId || ADMINS.includes(principal.role)) return;
  throw documentErrors.forbidden();
}
