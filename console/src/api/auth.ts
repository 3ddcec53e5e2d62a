import { forgetCredentials, saveSignedIn } from './credentials.ts';
import { ApiError } from './problem.ts';
import { publicRequest, request } from './request.ts';
import type { Role, SignedIn } from './types.ts';

export type SignInInput = { email: string; password: string; remember_me: boolean };
export type RegisterInput = { email: string; password: string; full_name?: string };

export async function signIn(input: SignInInput): Promise<void> {
  saveSignedIn(await publicRequest<SignedIn>('/v1/auth/login', input));
}

/** Makes the account and signs it in. */
export async function register(input: RegisterInput): Promise<void> {
  await publicRequest('/v1/auth/register', input);
  await signIn({ email: input.email, password: input.password, remember_me: false });
}

/** Signs out here even when the server cannot be told; its refresh token then runs out by itself. */
export async function signOut(): Promise<void> {
  await request('/v1/auth/logout', { method: 'POST', body: {} }).catch(() => undefined);
  forgetCredentials('signed-out');
}

/** What the first step of a login answers where a second factor is needed. */
export type SecondFactorChallenge = { challenge: string; enrolment: boolean };

export function challengeIn(error: Error | null): SecondFactorChallenge | null {
  if (!(error instanceof ApiError) || error.code !== 'ERR_AUTH_009') return null;
  const { challenge, enrolment } = error.document;
  return typeof challenge === 'string' ? { challenge, enrolment: enrolment === true } : null;
}

export type Enrolment = { secret: string; otpauth_uri: string };

export function enrolAtSignIn(challenge: string): Promise<Enrolment> {
  return publicRequest('/v1/auth/login/second-factor/enrolment', { challenge });
}

/** Signs in, unless there are recovery codes to be shown first: then by calling `go`. */
export async function passSecondFactor(challenge: string, code: string) {
  const answer = await publicRequest<SignedIn & { recovery_codes: string[] | null }>('/v1/auth/login/second-factor', {
    challenge,
    code,
  });
  return { recoveryCodes: answer.recovery_codes, go: () => void saveSignedIn(answer) };
}

export type SignInWays = { data: { name: string; label: string }[]; mail: boolean };

export function readSignInWays(): Promise<SignInWays> {
  return publicRequest('/v1/auth/providers');
}

/** What this browser must have kept to finish a sign-in at a provider that it began. */
const FLOW_KEY = 'parley.sign-in';
type Flow = { provider: string; state: string; browserToken: string };

/** Leads the browser to the provider. */
export async function beginProvider(provider: string): Promise<void> {
  const started = await publicRequest<{ authorization_url: string; state: string; browser_token: string }>(
    '/v1/auth/oauth/start',
    { provider },
  );
  const flow: Flow = { provider, state: started.state, browserToken: started.browser_token };
  sessionStorage.setItem(FLOW_KEY, JSON.stringify(flow));
  location.assign(started.authorization_url);
}

/** Finishes it with the query that the provider led back with. */
export async function finishProvider(query: URLSearchParams): Promise<void> {
  const flow = JSON.parse(sessionStorage.getItem(FLOW_KEY) ?? 'null') as Flow | null;
  sessionStorage.removeItem(FLOW_KEY);
  const answered = Object.fromEntries(['code', 'iss', 'error'].flatMap((name) => entryOf(query, name)));
  const body = {
    provider: flow?.provider ?? 'unknown',
    state: query.get('state') ?? '-',
    browser_token: flow?.browserToken ?? '-',
    ...answered,
  };
  saveSignedIn(await publicRequest<SignedIn>('/v1/auth/oauth/callback', body));
}

function entryOf(query: URLSearchParams, name: string): [string, string][] {
  const value = query.get(name);
  return value === null ? [] : [[name, value]];
}

export function forgotPassword(email: string): Promise<void> {
  return publicRequest('/v1/auth/forgot-password', { email });
}

export function resetPassword(token: string, password: string): Promise<void> {
  return publicRequest('/v1/auth/reset-password', { token, password });
}

export function verifyEmail(token: string): Promise<void> {
  return publicRequest('/v1/auth/verify-email', { token });
}

export type ShownInvitation = { tenant_name: string; email: string; role: Role; has_account: boolean };

export function lookAtInvitation(token: string): Promise<ShownInvitation> {
  return publicRequest('/v1/auth/invitations/look', { token });
}

export async function acceptAsNewUser(input: { token: string; password: string; full_name?: string }): Promise<void> {
  saveSignedIn(await publicRequest<SignedIn>('/v1/auth/invitations/accept', input));
}

/** Joins with the account that is signed in, and goes on in the tenant. */
export async function acceptInvitation(token: string): Promise<void> {
  const { tenant } = await request<{ tenant: { slug: string } }>('/v1/invitations/accept', {
    method: 'POST',
    body: { token },
  });
  await switchTenant(tenant.slug);
}

export async function switchTenant(slug: string): Promise<void> {
  saveSignedIn(await request<SignedIn>('/v1/auth/switch-tenant', { method: 'POST', body: { tenant: slug } }));
}
