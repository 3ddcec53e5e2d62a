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
