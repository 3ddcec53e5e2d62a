import { useLocation } from 'react-router';

/** Where signing in was asked for, in the router's state. */
export type CameFrom = { from: string };

/** The page to go to once signed in. Only the router writes this state, so it is always a path of ours. */
export function useCameFrom(): string {
  const state = useLocation().state as Partial<CameFrom> | null;
  return state?.from ?? '/';
}
