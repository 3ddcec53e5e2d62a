import type { SignedIn, Tenant, User } from './types.ts';

/**
 * Both tokens live in localStorage, because the API takes bearer tokens only and every tab must see a rotated refresh token
 * at once: a tab that used a spent one would have its whole family revoked. What guards them is the content security policy
 * (no script but ours) and that answers are never rendered as HTML.
 */
const KEY = 'parley.credentials';
/** Kept in their place once they have run out. */
const EXPIRED = '{"expired":true}';

export type Credentials = {
  accessToken: string;
  refreshToken: string;
  /** Milliseconds since 1970, by this machine's clock. */
  expiresAt: number;
  user: User;
  tenant: Tenant;
};

const listeners = new Set<() => void>();
let lastText: string | null = null;
let lastRead: Credentials | null = null;

/** The credentials in use, the same object for as long as they do not change. */
export function readCredentials(): Credentials | null {
  const text = localStorage.getItem(KEY);
  if (text !== lastText) {
    lastText = text;
    lastRead = parse(text);
  }
  return lastRead;
}

export function saveSignedIn(answer: SignedIn): Credentials {
  const credentials: Credentials = {
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token,
    expiresAt: Date.now() + answer.expires_in * 1000,
    user: answer.user,
    tenant: answer.tenant,
  };
  localStorage.setItem(KEY, JSON.stringify(credentials));
  notify();
  return credentials;
}

export function forgetCredentials(reason: 'signed-out' | 'expired'): void {
  if (reason === 'expired') localStorage.setItem(KEY, EXPIRED);
  else localStorage.removeItem(KEY);
  notify();
}

/** Whether the last credentials ran out rather than being given up, which is worth a word in every tab. */
export function signInExpired(): boolean {
  return localStorage.getItem(KEY) === EXPIRED;
}

/** Calls back when this tab or another one signs in, renews or signs out. */
export function subscribeToCredentials(listener: () => void): () => void {
  if (listeners.size === 0) window.addEventListener('storage', onStorage);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) window.removeEventListener('storage', onStorage);
  };
}

function onStorage(event: StorageEvent): void {
  if (event.key === KEY || event.key === null) notify();
}

function notify(): void {
  for (const listener of [...listeners]) listener();
}

function parse(text: string | null): Credentials | null {
  if (text === null) return null;
  try {
    const value = JSON.parse(text) as Credentials;
    return typeof value.accessToken === 'string' && typeof value.refreshToken === 'string' ? value : null;
  } catch {
    return null;
  }
}
