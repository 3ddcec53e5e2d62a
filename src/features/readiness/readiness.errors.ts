import { defineErrors } from '../../platform/http/errors.ts';

export const readinessErrors = defineErrors('READINESS', {
  notFound: {
    number: 1,
    kind: 'not-found',
    title: 'No such readiness report',
    example: 'There is no such report. `latest` is the newest; `parley readiness` makes one.',
  },
});
