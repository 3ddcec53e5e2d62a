import { boolean, list, oneOf, setting, text, url } from './setting.ts';

/** The settings of users, their mails and their sign-in at providers. */

const optional = <Value>(read: (value: string) => Value): ((value: string) => Value | null) => read;
const none = null as string | null;
const address = optional(url('http:', 'https:'));

export const identitySettings = {
  publicUrl: setting(
    'PUBLIC_URL',
    address,
    none,
    'Where people open the console, such as https://parley.example.com: links in mails begin with it. Unset: http://localhost:PORT.',
  ),
  jwtAlgorithm: setting(
    'JWT_ALGORITHM',
    oneOf('EdDSA', 'ES256', 'HS256'),
    'EdDSA',
    'How access tokens are signed. EdDSA and ES256: by keys of their own, which rotate and are at /.well-known/jwks.json. HS256: with SECRET_KEY.',
  ),
  smtpUrl: setting(
    'SMTP_URL',
    optional(url('smtp:', 'smtps:')),
    none,
    'Mail server, such as smtp://user:password@mail.example.com:587. Unset: no mail in production; elsewhere files in DATA_DIR/mail.',
    { secret: true },
  ),
  smtpRequireTls: setting('SMTP_REQUIRE_TLS', boolean, false, 'Whether mail is sent over TLS or not at all.'),
  mailFrom: setting('MAIL_FROM', text, 'Parley <no-reply@localhost>', 'Sender of mails.'),
  requireVerifiedEmail: setting(
    'REQUIRE_VERIFIED_EMAIL',
    boolean,
    false,
    'Whether nobody logs in before their e-mail address is verified.',
  ),
  googleClientId: setting('GOOGLE_CLIENT_ID', optional(text), none, 'Sign-in with Google.'),
  googleClientSecret: setting('GOOGLE_CLIENT_SECRET', optional(text), none, 'Belongs to it.', { secret: true }),
  githubClientId: setting('GITHUB_CLIENT_ID', optional(text), none, 'Sign-in with GitHub.'),
  githubClientSecret: setting('GITHUB_CLIENT_SECRET', optional(text), none, 'Belongs to it.', { secret: true }),
  githubBaseUrl: setting(
    'GITHUB_BASE_URL',
    url('http:', 'https:'),
    'https://github.com',
    'Another GitHub: the address of a GitHub Enterprise Server.',
  ),
  oidcIssuer: setting('OIDC_ISSUER', address, none, 'Sign-in with any OpenID Connect provider: its issuer.'),
  oidcClientId: setting('OIDC_CLIENT_ID', optional(text), none, 'Client at that provider.'),
  oidcClientSecret: setting('OIDC_CLIENT_SECRET', optional(text), none, 'Belongs to it.', { secret: true }),
  oidcName: setting('OIDC_NAME', text, 'Single sign-on', 'What the button for it says.'),
  oauthRedirectUris: setting(
    'OAUTH_REDIRECT_URIS',
    list,
    [] as readonly string[],
    'Addresses of your own programs to which a sign-in at a provider may lead back, besides the console’s.',
  ),
} as const;
