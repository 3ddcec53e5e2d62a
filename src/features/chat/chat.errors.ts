import { defineErrors } from '../../platform/http/errors.ts';

export const chatErrors = defineErrors('CHAT', {
  sessionNotFound: {
    number: 1,
    kind: 'not-found',
    title: 'Session not found',
    example: 'There is no session with this id.',
  },
  sessionForbidden: {
    number: 2,
    kind: 'forbidden',
    title: 'Not your session',
    example: 'This session belongs to another user.',
  },
  runNotFound: { number: 3, kind: 'not-found', title: 'Run not found', example: 'There is no run with this id.' },
  runForbidden: {
    number: 4,
    kind: 'forbidden',
    title: 'Not your run',
    example: 'This run belongs to another user.',
  },
  runActive: {
    number: 5,
    kind: 'conflict',
    title: 'A run is under way',
    example: 'This session has an unfinished run; follow it, or cancel it, before you ask again.',
  },
  modelUnknown: {
    number: 6,
    kind: 'invalid',
    title: 'Unknown model',
    example: 'There is no model "gpt-9". Configured: extractive.',
  },
  runEnded: { number: 7, kind: 'conflict', title: 'The run has ended', example: 'This run has already ended.' },
  messageNotFound: {
    number: 8,
    kind: 'not-found',
    title: 'Message not found',
    example: 'There is no message with this id in this session.',
  },
  toolCallNotFound: {
    number: 9,
    kind: 'not-found',
    title: 'Tool call not found',
    example: 'This run has no tool call "call_1" that waits for an output.',
  },
  toolCallAnswered: {
    number: 10,
    kind: 'conflict',
    title: 'The tool call is answered',
    example: 'The tool call "call_1" already has another answer.',
  },
  noJson: {
    number: 11,
    kind: 'invalid',
    title: 'The model writes no JSON',
    example: 'The model "extractive" cannot answer in JSON: name another model, or ask for prose.',
  },
  notForVisitors: {
    number: 12,
    kind: 'invalid',
    title: 'Not a visitor’s to choose',
    example: 'model is not a visitor’s to choose; leave it out.',
  },
  sessionLimit: {
    number: 20,
    kind: 'rate-limited',
    title: 'Too many sessions',
    example: 'You have 10 sessions; delete one before you begin another.',
  },
  notAQuestion: {
    number: 21,
    kind: 'conflict',
    title: 'Not a message of the user',
    example: 'Only a message of the user can be answered again.',
  },
});

/** Why a run failed, as its `error.code` says; these are not answers to a request. */
export const runFaults = {
  upstream: { code: 'ERR_RUN_001', detail: 'The model could not be reached or gave an unusable answer.' },
  upstreamLimited: { code: 'ERR_RUN_002', detail: 'The model’s provider refuses more requests for now.' },
  upstreamRefused: {
    code: 'ERR_RUN_003',
    detail: 'The model’s provider refused the request; the operator must check its settings.',
  },
  timeout: { code: 'ERR_RUN_004', detail: 'The model took too long.' },
  interrupted: { code: 'ERR_RUN_005', detail: 'The answer was interrupted too often and was given up.' },
  unanswered: { code: 'ERR_RUN_007', detail: 'Nobody answered the run’s tool call in time, so it was given up.' },
  wrongFormat: { code: 'ERR_RUN_008', detail: 'The model’s answer is not the JSON that was asked for.' },
  modelUnknown: { code: 'ERR_RUN_009', detail: 'The model’s provider does not know this model.' },
  contextTooLong: { code: 'ERR_RUN_010', detail: 'What was said is more than the model can take in: say less.' },
  internal: { code: 'ERR_RUN_006', detail: 'Something went wrong on our side. Give the run’s id to the operator.' },
} as const;
