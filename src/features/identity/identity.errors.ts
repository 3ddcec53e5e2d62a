import { defineErrors } from '../../platform/http/errors.ts';

export const authErrors = defineErrors('AUTH', {
  badCredentials: {
    number: 1,
    kind: 'unauthenticated',
    title: 'Wrong credentials',
    example: 'The e-mail address, user name or password is wrong.',
  },
  invalidToken: {
    number: 2,
    kind: 'unauthenticated',
    title: 'Invalid token',
    example: 'The token is invalid, expired or revoked. Log in again, or refresh it at POST /v1/auth/refresh.',
  },
  forbidden: {
    number: 3,
    kind: 'forbidden',
    title: 'Not allowed',
    example: 'This needs the role admin; yours is member.',
  },
  credentialRequired: {
    number: 4,
    kind: 'unauthenticated',
    title: 'Credential required',
    example: 'Send Authorization: Bearer with an access token or an API key, or X-API-Key.',
  },
  busy: {
    number: 5,
    kind: 'unavailable',
    title: 'Too many logins at once',
    example: 'Too many logins are under way. Try again in a moment.',
  },
  tenantSuspended: {
    number: 6,
    kind: 'forbidden',
    title: 'Tenant suspended',
    example: 'This tenant is suspended. Ask the operator of this installation.',
  },
  tenantNotReady: {
    number: 7,
    kind: 'unavailable',
    title: 'Tenant not ready',
    example: 'The last migration of this tenant failed. The operator has to repair it: parley migrate status.',
  },
  locked: {
    number: 8,
    kind: 'rate-limited',
    title: 'Login locked',
    example: 'Too many logins have failed. Try again in 900 seconds.',
  },
  secondFactorNeeded: {
    number: 9,
    kind: 'unauthenticated',
    title: 'Second factor needed',
    example: 'Send the code of your authenticator with challenge to POST /v1/auth/login/second-factor.',
  },
  wrongCode: {
    number: 10,
    kind: 'unauthenticated',
    title: 'Wrong code',
    example: 'The code is wrong, or was used before. Wait for the next one, or send a recovery code.',
  },
  badOneTimeToken: {
    number: 11,
    kind: 'invalid',
    title: 'Link not valid',
    example: 'This link is not valid any more: it was used, or is too old. Ask for a new one.',
  },
  emailNotVerified: {
    number: 12,
    kind: 'forbidden',
    title: 'E-mail address not verified',
    example: 'Verify your e-mail address first: follow the link that was sent to it.',
  },
  wrongPassword: {
    number: 13,
    kind: 'forbidden',
    title: 'Wrong password',
    example: 'The current password is wrong.',
  },
  notByKey: {
    number: 14,
    kind: 'forbidden',
    title: 'Not with an API key',
    example: 'This is for people who logged in, not for API keys. Log in and use the access token.',
  },
  loginNotFound: {
    number: 15,
    kind: 'not-found',
    title: 'Login not found',
    example: 'You have no login with this id.',
  },
  noSecondFactor: {
    number: 16,
    kind: 'conflict',
    title: 'No second factor',
    example: 'There is no second factor to change. Begin at POST /v1/auth/second-factor.',
  },
  secondFactorThere: {
    number: 17,
    kind: 'conflict',
    title: 'Second factor is there',
    example: 'You have a second factor. Remove it first, with a code or a recovery code.',
  },
  wrongOwnCode: {
    number: 19,
    kind: 'invalid',
    title: 'Wrong code',
    example: 'The code is wrong, or was used before. Wait for the next one, or send a recovery code.',
  },
  mailNotConfigured: {
    number: 18,
    kind: 'unavailable',
    title: 'No mail',
    example: 'This installation sends no mail. Its operator sets SMTP_URL.',
  },
  noVisitors: {
    number: 20,
    kind: 'not-found',
    title: 'No visitors here',
    example: 'There is no tenant of this name that takes visitors.',
  },
});

export const userErrors = defineErrors('USER', {
  taken: {
    number: 2,
    kind: 'conflict',
    title: 'Account exists',
    example: 'There is already an account with this email.',
  },
  inactive: {
    number: 3,
    kind: 'forbidden',
    title: 'Account not active',
    example: 'This account is not active. Ask the operator of this installation.',
  },
  tenantNotFound: {
    number: 4,
    kind: 'not-found',
    title: 'No such tenant',
    example: 'You are in no tenant with this slug.',
  },
  noTenant: {
    number: 5,
    kind: 'forbidden',
    title: 'In no tenant',
    example: 'This account is in no tenant any more. Ask an admin of one to add you.',
  },
  memberInactive: {
    number: 6,
    kind: 'forbidden',
    title: 'Not active in this tenant',
    example: 'Your access to this tenant was taken away. Ask an admin of it.',
  },
  notFound: { number: 7, kind: 'not-found', title: 'No such user', example: 'There is no user with this id here.' },
  aboveYou: {
    number: 8,
    kind: 'forbidden',
    title: 'Above your own role',
    example: 'You cannot change a member above your own role, or raise one above it.',
  },
  lastOwner: {
    number: 9,
    kind: 'conflict',
    title: 'The last owner',
    example: 'This is the last active owner of the tenant. Make another member owner first.',
  },
  alreadyMember: {
    number: 10,
    kind: 'conflict',
    title: 'Already a member',
    example: 'A user with this e-mail address is a member of this tenant already.',
  },
  invitationNotFound: {
    number: 11,
    kind: 'not-found',
    title: 'Invitation not found',
    example: 'There is no open invitation with this id.',
  },
  notYourInvitation: {
    number: 12,
    kind: 'forbidden',
    title: "Somebody else's invitation",
    example: 'This invitation is for another e-mail address. Log in with the account that has it.',
  },
});

export const oauthErrors = defineErrors('OAUTH', {
  unknownProvider: {
    number: 1,
    kind: 'not-found',
    title: 'Provider not configured',
    example: 'Sign-in with this provider is not configured here. GET /v1/auth/providers lists those that are.',
  },
  badRedirect: {
    number: 2,
    kind: 'invalid',
    title: 'Address not allowed',
    example: 'redirect_uri is not one that this installation leads to. Its operator lists them in OAUTH_REDIRECT_URIS.',
  },
  badState: {
    number: 3,
    kind: 'invalid',
    title: 'Sign-in not under way',
    example: 'This sign-in was used, is too old, or was begun in another browser. Begin again.',
  },
  refused: {
    number: 4,
    kind: 'unauthenticated',
    title: 'Sign-in refused',
    example: 'The provider did not confirm who you are. Begin again.',
  },
  noVerifiedEmail: {
    number: 5,
    kind: 'forbidden',
    title: 'No verified e-mail address',
    example: 'The provider tells no verified e-mail address of yours. Verify one there, and begin again.',
  },
  verifyFirst: {
    number: 6,
    kind: 'conflict',
    title: 'Account not verified',
    example:
      'There is an account with your e-mail address that never proved it is its. Reset its password first; then this works.',
  },
  unreachable: {
    number: 7,
    kind: 'upstream',
    title: 'Provider does not answer',
    example: 'The provider does not answer. Try again in a moment.',
  },
  notLinked: {
    number: 8,
    kind: 'not-found',
    title: 'Not linked',
    example: 'Your account is not linked with this provider.',
  },
  lastWayIn: {
    number: 9,
    kind: 'conflict',
    title: 'Your only way in',
    example: 'You have no password, and no other provider is linked. Set a password first; then this works.',
  },
});

export const keyRingErrors = defineErrors('SIGNING', {
  symmetric: {
    number: 1,
    kind: 'conflict',
    title: 'Signed with SECRET_KEY',
    example:
      'Tokens are signed with SECRET_KEY (JWT_ALGORITHM=HS256). Change SECRET_KEY, or set another JWT_ALGORITHM.',
  },
});

export const apiKeyErrors = defineErrors('KEY', {
  notFound: { number: 1, kind: 'not-found', title: 'API key not found', example: 'There is no API key with this id.' },
  notYours: {
    number: 2,
    kind: 'forbidden',
    title: "Another user's API key",
    example: 'This API key belongs to another user; an admin of the tenant can revoke it.',
  },
  notByKey: {
    number: 3,
    kind: 'forbidden',
    title: 'Not with an API key',
    example: 'An API key cannot make or revoke API keys. Log in and use the access token.',
  },
});

const REALM = 'Bearer realm="parley"';

/** RFC 6750 §3: without a credential the challenge names no error, with a bad one it is invalid_token. */
export const challenge = {
  absent: { headers: { 'www-authenticate': REALM } },
  invalid: { headers: { 'www-authenticate': `${REALM}, error="invalid_token"` } },
  scope: (scope: string) => ({
    headers: { 'www-authenticate': `${REALM}, error="insufficient_scope", scope="${scope}"` },
  }),
} as const;
