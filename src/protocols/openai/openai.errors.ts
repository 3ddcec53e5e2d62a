import { defineErrors } from '../../platform/http/errors.ts';

export const openaiErrors = defineErrors('OPENAI', {
  unsupported: {
    number: 1,
    kind: 'invalid',
    title: 'Not supported in this dialect',
    example: 'tools is not supported here; leave it out.',
  },
  inputInvalid: {
    number: 2,
    kind: 'invalid',
    title: 'Unusable input',
    example: 'messages must end with a message of the user',
  },
  runFailed: {
    number: 3,
    kind: 'upstream',
    title: 'The answer failed',
    example: 'The model could not be reached or gave an unusable answer.',
  },
  runLimited: {
    number: 4,
    kind: 'rate-limited',
    title: 'The model’s provider refuses more',
    example: 'The model’s provider refuses more requests for now.',
  },
  runTimedOut: { number: 5, kind: 'timeout', title: 'The model took too long', example: 'The model took too long.' },
  runBroken: {
    number: 6,
    kind: 'internal',
    title: 'The answer broke off',
    example: 'Something went wrong on our side. Give the run’s id to the operator.',
  },
  runStopped: {
    number: 7,
    kind: 'conflict',
    title: 'The answer was stopped',
    example: 'Somebody stopped this answer before it was complete.',
  },
  runRestarted: {
    number: 8,
    kind: 'unavailable',
    title: 'The answer starts again',
    example:
      'The worker that wrote this answer was lost and the answer starts again: drop what came so far and ask again.',
  },
  noEmbedder: {
    number: 9,
    kind: 'invalid',
    title: 'No model for embeddings',
    example: 'No model for embeddings is configured here; the operator sets EMBEDDING_MODEL.',
  },
  modelNotFound: {
    number: 10,
    kind: 'not-found',
    title: 'Unknown model',
    example: 'There is no model "gpt-9" here; GET /v1/models lists those that there are.',
  },
  responseNotFound: {
    number: 11,
    kind: 'not-found',
    title: 'Response not found',
    example: 'There is no response with this id.',
  },
  conversationNotFound: {
    number: 12,
    kind: 'not-found',
    title: 'Conversation not found',
    example: 'There is no conversation with this id.',
  },
  contextTooLong: {
    number: 14,
    kind: 'malformed',
    title: 'More than the model can take in',
    example: 'What was said is more than the model can take in: say less.',
  },
  itemNotFound: {
    number: 13,
    kind: 'not-found',
    title: 'Item not found',
    example: 'There is no item with this id in this conversation.',
  },
});
