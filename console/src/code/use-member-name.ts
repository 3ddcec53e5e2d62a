import { useInfiniteQuery } from '@tanstack/react-query';
import { useCredentials } from '../auth/use-credentials.ts';
import { membersQuery } from '../members/queries.ts';
import { useCodePermissions } from './use-permissions.ts';

/** Who somebody is, for whoever reads it. Only admins may ask for the names of others. */
export function useMemberName(id: string | null): string {
  const me = useCredentials()?.user.id;
  const { administer } = useCodePermissions();
  const isAnother = id !== null && id !== me;
  const members = useInfiniteQuery({ ...membersQuery, enabled: administer && isAnother, staleTime: 60_000 });
  if (id === me) return 'you';
  const member = members.data?.pages.flatMap((page) => page.data).find((each) => each.id === id);
  return member ? member.full_name || member.username || member.email : 'somebody else';
}
