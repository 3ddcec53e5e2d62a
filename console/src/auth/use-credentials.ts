import { useSyncExternalStore } from 'react';
import { type Credentials, readCredentials, subscribeToCredentials } from '../api/credentials.ts';

/** The credentials in use, in step with the other tabs; null when signed out. */
export function useCredentials(): Credentials | null {
  return useSyncExternalStore(subscribeToCredentials, readCredentials);
}
