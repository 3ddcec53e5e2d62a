import { useMemo } from 'react';
import { useCredentials } from '../auth/use-credentials.ts';
import { type CodePermissions, permissionsOf } from './permissions.ts';

export function useCodePermissions(): CodePermissions {
  const credentials = useCredentials();
  const role = credentials?.tenant.role ?? 'viewer';
  const userId = credentials?.user.id ?? '';
  return useMemo(() => permissionsOf({ role, userId }), [role, userId]);
}
