import { defineErrors } from '../../../platform/http/errors.ts';

export const idempotencyErrors = defineErrors('IDEMPOTENCY', {
  otherRequest: {
    number: 1,
    kind: 'invalid',
    title: 'Key used for another request',
    example: 'This Idempotency-Key came with another address or body before. Make a new key for a new request.',
  },
  unreadable: {
    number: 2,
    kind: 'conflict',
    title: 'First answer lost',
    example: 'The request was done, but its answer can no longer be read, because SECRET_KEY was changed.',
  },
  forgotten: {
    number: 3,
    kind: 'gone',
    title: 'First answer forgotten',
    example: 'The request was done, but what it made, or its answer, has been forgotten since.',
  },
});
