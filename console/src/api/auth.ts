import { forgetCredentials, saveSignedIn } from './credentials.ts';
import { publicRequest, request } from './request.ts';
import type { SignedIn } from './types.ts';

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
