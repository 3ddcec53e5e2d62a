import * as openid from 'openid-client';
import { type ExternalProfile, type OauthProvider, OauthRefusedError } from './oauth-provider.ts';
import { authorizationUrl, isPlain, redeem } from './openid-provider.ts';

export type GithubOptions = {
  clientId: string;
  clientSecret: string;
  /** `https://github.com`, or a GitHub Enterprise Server. */
  baseUrl: string;
};

const TIMEOUT_MS = 10_000;
const PUBLIC_HOST = 'https://github.com';

/** GitHub, which has OAuth 2 without OpenID Connect: who it is tells its API. */
export function createGithubProvider({ clientId, clientSecret, baseUrl }: GithubOptions): OauthProvider {
  const api = baseUrl === PUBLIC_HOST ? 'https://api.github.com' : `${baseUrl}/api/v3`;
  const configuration = new openid.Configuration(
    {
      issuer: baseUrl,
      authorization_endpoint: `${baseUrl}/login/oauth/authorize`,
      token_endpoint: `${baseUrl}/login/oauth/access_token`,
    },
    clientId,
    { client_secret: clientSecret },
    openid.ClientSecretPost(clientSecret),
  );
  configuration.timeout = TIMEOUT_MS / 1000;
  if (isPlain(baseUrl)) openid.allowInsecureRequests(configuration);
  return {
    name: 'github',
    label: 'GitHub',
    authorizationUrl: (flow) => authorizationUrl(configuration, flow, 'read:user user:email'),
    identify: async (flow, answer) => {
      const { access_token } = await redeem(configuration, flow, answer, false);
      const user = await ask<{ id?: unknown; name?: unknown; login?: unknown }>(`${api}/user`, access_token);
      if (typeof user.id !== 'number') throw new OauthRefusedError('The provider told no id.');
      const emails = await ask<unknown>(`${api}/user/emails`, access_token);
      const name = [user.name, user.login].find((given) => typeof given === 'string') ?? null;
      return { subject: String(user.id), name: name as string | null, ...primaryOf(emails) };
    },
  };
}

/** The primary address, as GitHub knows it: others could be of another account here. */
function primaryOf(emails: unknown): Pick<ExternalProfile, 'email' | 'emailVerified'> {
  const entries = Array.isArray(emails) ? (emails as { email?: unknown; primary?: unknown; verified?: unknown }[]) : [];
  const primary = entries.find((entry) => entry.primary === true);
  if (typeof primary?.email !== 'string') return { email: null, emailVerified: false };
  return { email: primary.email, emailVerified: primary.verified === true };
}

async function ask<Answer>(address: string, token: string): Promise<Answer> {
  const response = await fetch(address, {
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${token}`,
      'user-agent': 'parley',
      'x-github-api-version': '2022-11-28',
    },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.ok) return (await response.json()) as Answer;
  await response.body?.cancel();
  throw new OauthRefusedError(`The provider's API answered ${response.status}.`);
}
