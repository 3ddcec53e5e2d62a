import type { ReactNode } from 'react';
import { Navigate, useLocation } from 'react-router';
import type { CameFrom } from './came-from.ts';
import { useCredentials } from './use-credentials.ts';

/** Shows its page to who is signed in; others sign in first and then come back to it. */
export function RequireSignIn({ children }: { children: ReactNode }) {
  const credentials = useCredentials();
  const { pathname, search } = useLocation();
  if (credentials !== null) return children;
  return <Navigate to="/sign-in" replace state={{ from: `${pathname}${search}` } satisfies CameFrom} />;
}
