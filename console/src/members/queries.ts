import { infiniteQueryOptions } from '@tanstack/react-query';
import { listMembers } from '../api/account.ts';
import type { Role } from '../api/types.ts';

export const memberKeys = { members: ['members'] as const, invitations: ['invitations'] as const };

export const membersQuery = infiniteQueryOptions({
  queryKey: memberKeys.members,
  queryFn: ({ pageParam, signal }) => listMembers(pageParam, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
});

const RANKED: readonly Role[] = ['viewer', 'member', 'admin', 'owner'];

/** The roles that somebody may give: up to their own. */
export function rolesUpTo(own: Role): readonly Role[] {
  return RANKED.slice(0, RANKED.indexOf(own) + 1);
}
