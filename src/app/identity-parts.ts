import { join } from 'node:path';
import { createGithubProvider, createOpenidProvider, type OauthProvider } from '../features/identity/index.ts';
import { createFolderMailer } from '../platform/mail/folder-mailer.ts';
import type { Mailer } from '../platform/mail/mailer.ts';
import type { Logger } from '../platform/telemetry/log.ts';
import type { Config } from './config.ts';

const GOOGLE = 'https://accounts.google.com';

/** The providers that the settings name. */
export function providersOf(config: Config): OauthProvider[] {
  const providers: OauthProvider[] = [];
  const { googleClientId, googleClientSecret, githubClientId, githubClientSecret } = config;
  const { oidcIssuer: issuer, oidcClientId, oidcClientSecret } = config;
  if (googleClientId !== null && googleClientSecret !== null) {
    const client = { clientId: googleClientId, clientSecret: googleClientSecret };
    providers.push(createOpenidProvider({ name: 'google', label: 'Google', issuer: GOOGLE, ...client }));
  }
  if (githubClientId !== null && githubClientSecret !== null) {
    const client = { clientId: githubClientId, clientSecret: githubClientSecret };
    providers.push(createGithubProvider({ ...client, baseUrl: config.githubBaseUrl }));
  }
  if (issuer !== null && oidcClientId !== null && oidcClientSecret !== null) {
    const client = { clientId: oidcClientId, clientSecret: oidcClientSecret };
    providers.push(createOpenidProvider({ name: 'oidc', label: config.oidcName, issuer, ...client }));
  }
  return providers;
}

/** Null: this installation sends no mail. */
export async function mailerOf(config: Config, log: Logger): Promise<Mailer | null> {
  const { smtpUrl: url, mailFrom: from, smtpRequireTls: requireTls } = config;
  if (url !== null) {
    const { createSmtpMailer } = await import('../platform/mail/smtp-mailer.ts');
    return createSmtpMailer({ url, from, requireTls });
  }
  if (config.environment === 'production') return null;
  return createFolderMailer({ folder: join(config.dataDir, 'mail'), from, log });
}

export function publicUrlOf({ publicUrl, port }: Config): string {
  return publicUrl ?? `http://localhost:${port}`;
}
