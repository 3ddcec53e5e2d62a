import type { Settings } from './settings.ts';

const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]']);

/** What is wrong with the settings of this part, each with its fix. */
export function identityWeaknesses(config: Settings): string[] {
  const faults: string[] = [];
  const pairs = [
    ['GOOGLE_CLIENT_ID', config.googleClientId, 'GOOGLE_CLIENT_SECRET', config.googleClientSecret],
    ['GITHUB_CLIENT_ID', config.githubClientId, 'GITHUB_CLIENT_SECRET', config.githubClientSecret],
    ['OIDC_ISSUER', config.oidcIssuer, 'OIDC_CLIENT_ID', config.oidcClientId],
    ['OIDC_CLIENT_ID', config.oidcClientId, 'OIDC_CLIENT_SECRET', config.oidcClientSecret],
  ] as const;
  for (const [name, value, partner, other] of pairs) {
    if ((value === null) !== (other === null))
      faults.push(`${name} and ${partner} belong together: set both or neither.`);
  }
  for (const [name, value] of [
    ['OIDC_ISSUER', config.oidcIssuer],
    ['GITHUB_BASE_URL', config.githubBaseUrl],
  ] as const) {
    if (value !== null && isPlainElsewhere(value)) {
      faults.push(`${name} must begin with https://: who listens on the way could sign in as anybody.`);
    }
  }
  for (const uri of config.oauthRedirectUris) {
    if (!URL.canParse(uri) || uri.includes('#')) faults.push(`OAUTH_REDIRECT_URIS has "${uri}", which is no address.`);
  }
  if (config.environment === 'production' && config.publicUrl === null && leadsPeopleHere(config)) {
    faults.push('PUBLIC_URL is required in production where mails are sent or providers are set: links lead to it.');
  }
  return faults;
}

function isPlainElsewhere(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return protocol === 'http:' && !LOCAL.has(hostname);
}

function leadsPeopleHere({ smtpUrl, googleClientId, githubClientId, oidcIssuer }: Settings): boolean {
  return [smtpUrl, googleClientId, githubClientId, oidcIssuer].some((value) => value !== null);
}
