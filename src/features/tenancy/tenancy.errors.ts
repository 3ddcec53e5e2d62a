import { defineErrors } from '../../platform/http/errors.ts';

export const tenancyErrors = defineErrors('TENANT', {
  operatorSetting: {
    number: 1,
    kind: 'forbidden',
    title: 'Set by the operator',
    example: 'limits.requests_per_minute is set by an operator of this installation.',
  },
});
