import type { Principal } from '../../identity/index.ts';

const SEES_ALL: ReadonlySet<Principal['role']> = new Set(['admin', 'owner']);

/** Whose usage a principal sees: an admin everybody's in the tenant (null), everybody else their own. */
export function usageOwner({ role, userId }: Pick<Principal, 'role' | 'userId'>): string | null {
  return SEES_ALL.has(role) ? null : userId;
}
