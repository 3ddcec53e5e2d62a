import { defineErrors } from '../../../platform/http/errors.ts';

export const budgetErrors = defineErrors('BUDGET', {
  exhausted: {
    number: 1,
    kind: 'over-budget',
    title: 'The budget is used up',
    example:
      'The budget of this tenant, 10 USD a day, has no room for this: 9.98 USD are spent and 0 USD reserved, and it may cost 0.05 USD. It begins anew at 2026-02-01T00:00:00Z.',
  },
  unpriced: {
    number: 2,
    kind: 'forbidden',
    title: 'The model has no price here',
    example:
      'What openai/llama3.2 costs is not known here, so it is not asked. The operator gives its price in PRICES_FILE, or allows models without one by UNPRICED_MODELS=allow.',
  },
  notFound: { number: 3, kind: 'not-found', title: 'Budget not found', example: 'There is no budget with this id.' },
  exists: {
    number: 4,
    kind: 'conflict',
    title: 'There is such a budget',
    example: 'There is already a hard budget a day for this tenant; change that one.',
  },
  subjectNotFound: {
    number: 5,
    kind: 'not-found',
    title: 'Subject not found',
    example: 'There is no user with this id in this tenant.',
  },
  tenantNotFound: {
    number: 6,
    kind: 'not-found',
    title: 'Tenant not found',
    example: 'There is no tenant with this id.',
  },
});
