import { type Credentials, forgetCredentials, readCredentials, saveSignedIn } from './credentials.ts';
import { exclusive } from './exclusive.ts';
import { problemFrom, signedOut, unreachable } from './problem.ts';
import type { SignedIn } from './types.ts';

/** Renewed this long before it runs out, so that a request under way does not meet the end. */
const MARGIN_MS = 30_000;

let renewing: Promise<Credentials> | null = null;

/** An access token that is still good. @throws ApiError 401 when signed out, 0 when the server cannot be reached */
export async function freshAccessToken(): Promise<string> {
  const credentials = readCredentials();
  if (credentials === null) throw signedOut();
  if (credentials.expiresAt - Date.now() > MARGIN_MS) return credentials.accessToken;
  return (await renewCredentials(credentials.accessToken)).accessToken;
}

/**
 * Trades the refresh token for new credentials, once for all callers and all tabs: refresh tokens rotate, and the second
 * use of one signs every tab out. A caller whose `spentAccessToken` is no longer the stored one gets the stored one.
 */
export function renewCredentials(spentAccessToken: string): Promise<Credentials> {
  renewing ??= exclusive('parley.refresh', () => renewUnlessDone(spentAccessToken)).finally(() => {
    renewing = null;
  });
  return renewing;
}

async function renewUnlessDone(spentAccessToken: string): Promise<Credentials> {
  const current = readCredentials();
  if (current === null) throw signedOut();
  if (current.accessToken !== spentAccessToken) return current;
  const response = await fetch('/v1/auth/refresh', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ refresh_token: current.refreshToken }),
  }).catch(() => {
    throw unreachable();
  });
  if (response.ok) return saveSignedIn((await response.json()) as SignedIn);
  const problem = await problemFrom(response);
  if (problem.temporary) throw problem;
  forgetCredentials('expired');
  throw signedOut();
}
