import * as openid from 'openid-client';
import { type ExternalProfile, type OauthFlow, type OauthProvider, OauthRefusedError } from './oauth-provider.ts';

export type OpenidOptions = {
  name: string;
  label: string;
  /** Its metadata are at `/.well-known/openid-configuration` below it. */
  issuer: string;
  clientId: string;
  clientSecret: string;
};

const TIMEOUT_SECONDS = 10;

/** Any OpenID Connect issuer: code flow with PKCE (S256), state and nonce; the ID token's signature, issuer, audience and
 * times are checked by openid-client. */
export function createOpenidProvider(options: OpenidOptions): OauthProvider {
  const { name, label, issuer, clientId, clientSecret } = options;
  let found: Promise<openid.Configuration> | null = null;
  const discover = (): Promise<openid.Configuration> => {
    // A failure is not kept: the next sign-in asks again.
    found ??= openid
      .discovery(new URL(issuer), clientId, clientSecret, undefined, {
        timeout: TIMEOUT_SECONDS,
        execute: isPlain(issuer) ? [openid.allowInsecureRequests] : [],
      })
      .catch((error: unknown) => {
        found = null;
        throw error;
      });
    return found;
  };
  return {
    name,
    label,
    authorizationUrl: async (flow) => authorizationUrl(await discover(), flow, 'openid email profile'),
    identify: async (flow, answer) => {
      const configuration = await discover();
      const tokens = await redeem(configuration, flow, answer, true);
      const claims = tokens.claims();
      if (!claims) throw new OauthRefusedError('There was no ID token.');
      const { sub: subject } = claims;
      if (typeof claims.email === 'string') return profileOf(subject, claims as Claims);
      // Some tell the address only here.
      return profileOf(subject, await openid.fetchUserInfo(configuration, tokens.access_token, subject));
    },
  };
}

/** Plain HTTP is for a provider on this machine only; the settings see to it. */
export function isPlain(address: string): boolean {
  return new URL(address).protocol === 'http:';
}

type Claims = { email?: unknown; email_verified?: unknown; name?: unknown };

function profileOf(subject: string, { email, email_verified, name }: Claims): ExternalProfile {
  return {
    subject,
    email: typeof email === 'string' ? email : null,
    emailVerified: email_verified === true || email_verified === 'true',
    name: typeof name === 'string' ? name : null,
  };
}

export async function authorizationUrl(
  configuration: openid.Configuration,
  { redirectUri, state, nonce, codeVerifier }: OauthFlow,
  scope: string,
): Promise<string> {
  const code_challenge = await openid.calculatePKCECodeChallenge(codeVerifier);
  const asked = { redirect_uri: redirectUri, scope, state, code_challenge, code_challenge_method: 'S256' };
  const withNonce = scope.includes('openid') ? { ...asked, nonce } : asked;
  return openid.buildAuthorizationUrl(configuration, withNonce).href;
}

/** @throws OauthRefusedError */
export async function redeem(
  configuration: openid.Configuration,
  { redirectUri, state, nonce, codeVerifier }: OauthFlow,
  answer: URLSearchParams,
  idTokenExpected: boolean,
) {
  const returned = new URL(redirectUri);
  returned.search = answer.toString();
  try {
    return await openid.authorizationCodeGrant(configuration, returned, {
      pkceCodeVerifier: codeVerifier,
      expectedState: state,
      ...(idTokenExpected && { expectedNonce: nonce, idTokenExpected }),
    });
  } catch (error) {
    if (error instanceof openid.AuthorizationResponseError || error instanceof openid.ResponseBodyError) {
      throw new OauthRefusedError(error.error, { cause: error });
    }
    if (error instanceof openid.ClientError && error.code !== 'OAUTH_TIMEOUT') {
      throw new OauthRefusedError(error.message, { cause: error });
    }
    throw error;
  }
}
