import { ModelError } from '../../../ai/chat-model.ts';
import { runFaults } from '../chat.errors.ts';
import type { RunFault } from './event.ts';

/** What a client is told of an error that ended its run. */
export function faultOf(error: unknown): RunFault {
  if (!(error instanceof ModelError)) return runFaults.internal;
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
