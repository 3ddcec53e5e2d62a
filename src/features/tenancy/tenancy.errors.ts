import { defineErrors } from '../../platform/http/errors.ts';

export const tenancyErrors = defineErrors('TENANT', {
  operatorSetting: {
    number: 1,
    kind: 'forbidden',
    title: 'Set by the operator',
    example: 'limits.requests_per_minute is set by an operator of this installation.',
  },
  notFound: { number: 2, kind: 'not-found', title: 'Tenant not found', example: 'There is no tenant with this id.' },
  slugTaken: { number: 3, kind: 'conflict', title: 'Slug taken', example: 'Another tenant has this slug.' },
  noSuchOwner: {
    number: 4,
    kind: 'not-found',
    title: 'No such account',
    example: 'There is no account with this e-mail address; its owner has to register first.',
  },
  exportNotFound: {
    number: 5,
    kind: 'not-found',
    title: 'Export not found',
    example: 'There is no export with this id; it may have expired.',
  },
  exportNotReady: {
    number: 6,
    kind: 'conflict',
    title: 'Export not ready',
    example: 'This export is running. Ask for it again when its status is ready.',
  },
  noSuchProvider: {
    number: 7,
    kind: 'not-found',
    title: 'No such provider',
    example: 'There is no provider "acme" here; there are anthropic, google, openai, openrouter.',
  },
  noProviderKey: {
    number: 8,
    kind: 'not-found',
    title: 'No key of your own',
    example: 'This tenant has no key of its own for this provider.',
  },
  quotaReached: {
    number: 9,
    kind: 'forbidden',
    title: 'The quota is reached',
    example: 'This tenant may have 100 documents and has 100. An operator changes the setting quotas.documents.',
  },
  forgettingNotFound: {
    number: 10,
    kind: 'not-found',
    title: 'Forgetting not found',
    example: 'Nothing was asked to be forgotten under this id.',
  },
  mayNotForget: {
    number: 11,
    kind: 'forbidden',
    title: 'Not yours to have forgotten',
    example: 'Users have forgotten what is theirs; an admin has forgotten any user of the tenant.',
  },
});
