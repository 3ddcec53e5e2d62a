import { ModelError } from '../../../ai/chat-model.ts';
import { ApiError } from '../../../platform/http/errors.ts';
import { runFaults } from '../chat.errors.ts';
import { WrongFormat } from './answer-format.ts';
import type { RunFault } from './event.ts';

/** What a client is told of an error that ended its run. */
export function faultOf(error: unknown): RunFault {
  // Such as a budget that is used up: an error of ours says in safe words what is wrong.
  if (error instanceof ApiError) return { code: error.definition.code, detail: error.message };
  if (error instanceof WrongFormat) return { ...runFaults.wrongFormat, detail: error.message };
  if (!(error instanceof ModelError)) return runFaults.internal;
  if (error.refusal === 'unknown-model') return runFaults.modelUnknown;
  if (error.refusal === 'context-too-long') return runFaults.contextTooLong;
  switch (error.kind) {
    case 'rate-limited':
      return runFaults.upstreamLimited;
    case 'unauthorized':
    case 'bad-request':
      return runFaults.upstreamRefused;
    case 'timeout':
      return runFaults.timeout;
    default:
      return runFaults.upstream;
  }
}
