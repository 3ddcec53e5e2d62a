import { randomBytes, timingSafeEqual } from 'node:crypto';
import { ApiError } from '../../../platform/http/errors.ts';
import { newId } from '../../../platform/id.ts';
import { type Origin, recordAct } from '../../tenancy/index.ts';
import { normaliseEmail, shownName } from '../account-name.ts';
import { oauthErrors, userErrors } from '../identity.errors.ts';
import { createAccount, insertAccount } from '../identity.service.ts';
import * as users from '../identity.store.ts';
import type { Identity } from '../identity.ts';
import { hashOf, isSecret, newSecret } from '../one-time-token/one-time-token.ts';
import { beginLogin, type Login, type LoginClient } from '../token/begin-login.ts';
import * as store from './oauth.store.ts';
import { type ExternalProfile, type OauthProvider, OauthRefusedError } from './oauth-provider.ts';

const FLOW_MINUTES = 10;

export type OauthStart = {
  provider: string;
  /** Where the provider sends the browser back to; the console's page unless given. */
  redirectUri?: string | undefined;
  rememberMe?: boolean | undefined;
};

export type StartedOauth = {
  authorizationUrl: string;
  state: string;
  /** Stays in the browser that began: who is led to a callback by somebody else does not have it. */
  browserToken: string;
};

/**
 * Begins a sign-in at a provider.
 * @throws ApiError ERR_OAUTH_001, ERR_OAUTH_002, ERR_OAUTH_007
 */
export async function startOauth(identity: Identity, input: OauthStart): Promise<StartedOauth> {
  const provider = providerOf(identity, input.provider);
  const redirectUri = input.redirectUri ?? identity.redirectUris[0] ?? '';
  if (!identity.redirectUris.includes(redirectUri)) {
    const message = 'is not one that this installation leads to';
    throw oauthErrors.badRedirect(undefined, { fields: [{ field: 'redirect_uri', message }] });
  }
  const state = newSecret();
  const browserToken = newSecret();
  const flow = { redirectUri, state, nonce: randomText(), codeVerifier: randomText() };
  const authorizationUrl = await reach(() => provider.authorizationUrl(flow));
  const now = identity.clock.now();
  await store.deleteExpiredFlows(identity.database.db, now);
  await store.insertFlow(identity.database.db, {
    state_hash: hashOf(state),
    browser_hash: hashOf(browserToken),
    provider: provider.name,
    redirect_uri: redirectUri,
    code_verifier: flow.codeVerifier,
    nonce: flow.nonce,
    remember_me: input.rememberMe ?? false,
    expires_at: new Date(now.getTime() + FLOW_MINUTES * 60_000),
  });
  return { authorizationUrl, state, browserToken };
}

/** 256 bits in 43 characters, as RFC 7636 §4.1 wants a verifier. */
function randomText(): string {
  return randomBytes(32).toString('base64url');
}

function providerOf(identity: Identity, name: string): OauthProvider {
  const provider = identity.providers.get(name);
  if (!provider) throw oauthErrors.unknownProvider();
  return provider;
}

async function reach<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ApiError) throw error;
    if (error instanceof OauthRefusedError) throw oauthErrors.refused(undefined, { cause: error });
    throw oauthErrors.unreachable(undefined, { cause: error });
  }
}

export type OauthFinish = {
  provider: string;
  state: string;
  browserToken: string;
  /** The query that the provider sent the browser back with. */
  answer: URLSearchParams;
  client: LoginClient;
};

/**
 * Finishes a sign-in: logs in the account that is linked with who it is, or has the same verified address, or is made now.
 * @throws ApiError ERR_OAUTH_001, ERR_OAUTH_003 to ERR_OAUTH_007, and what `beginLogin` does
 */
export async function finishOauth(identity: Identity, input: OauthFinish): Promise<Login> {
  const provider = providerOf(identity, input.provider);
  const row = isSecret(input.state) ? await store.takeFlow(identity.database.db, hashOf(input.state)) : undefined;
  const now = identity.clock.now();
  if (
    !row ||
    row.provider !== provider.name ||
    row.expires_at <= now ||
    !sameHash(row.browser_hash, input.browserToken)
  ) {
    throw oauthErrors.badState();
  }
  const { redirect_uri: redirectUri, nonce, code_verifier: codeVerifier } = row;
  const flow = { redirectUri, nonce, codeVerifier, state: input.state };
  const profile = await reach(() => provider.identify(flow, input.answer));
  const user = await resolveUser(identity, provider.name, profile, input.client.origin);
  return beginLogin(identity, user, { rememberMe: row.remember_me, client: input.client, method: provider.name });
}

function sameHash(hash: string, token: string): boolean {
  return timingSafeEqual(Buffer.from(hash), Buffer.from(hashOf(token)));
}

async function resolveUser(
  identity: Identity,
  provider: string,
  profile: ExternalProfile,
  origin: Origin | undefined,
): Promise<users.UserRow> {
  const { db } = identity.database;
  const linked = await store.findExternalIdentity(db, provider, profile.subject);
  const known = linked === undefined ? undefined : await users.findUser(db, linked);
  if (known) return known;
  const email = profile.email === null || !profile.emailVerified ? null : normaliseEmail(profile.email);
  if (email === null) throw oauthErrors.noVerifiedEmail();
  const existing = await users.findUserByEmail(db, email);
  if (!existing) return makeUser(identity, { provider, profile, email, origin });
  // Whoever made it may be somebody else who waits for the owner of the address to come.
  if (existing.email_verified_at === null) throw oauthErrors.verifyFirst();
  if (!existing.is_active) throw userErrors.inactive();
  await identity.database.transaction(async (trx) => {
    await store.insertExternalIdentity(trx, { provider, subject: profile.subject, user_id: existing.id, email });
    const tenant = await users.findMembership(trx, existing.id);
    await recordAct(trx, linkAct(tenant?.id ?? null, existing.id, provider, origin), identity.clock.now());
  });
  return existing;
}

function linkAct(tenantId: string | null, id: string, provider: string, origin: Origin | undefined) {
  const actor = { kind: 'user', id } as const;
  return { act: 'oauth.link', tenantId, actor, target: { kind: 'user', id }, origin, details: { provider } } as const;
}

type NewUser = { provider: string; profile: ExternalProfile; email: string; origin: Origin | undefined };

function makeUser(identity: Identity, { provider, profile, email, origin }: NewUser): Promise<users.UserRow> {
  const now = identity.clock.now();
  const full_name = displayName(profile.name);
  const user = { id: newId(), email, username: null, full_name, password_hash: null, email_verified_at: now };
  const name = email.slice(0, email.lastIndexOf('@'));
  const made = insertAccount(identity, async (trx) => {
    const account = await createAccount(identity, trx, user, { name });
    await store.insertExternalIdentity(trx, { provider, subject: profile.subject, user_id: user.id, email });
    const act = { ...linkAct(account.tenant.id, user.id, provider, origin), act: 'user.register' } as const;
    await recordAct(trx, act, now);
    return account;
  });
  return made.then((account) => account.user);
}

const NAME_MAX = 255;

/** What a provider calls somebody must not stand in the way of their sign-in. */
function displayName(name: string | null): string | null {
  try {
    return name === null ? null : shownName('full_name', name.slice(0, NAME_MAX));
  } catch {
    return null;
  }
}
