import type { StreamError } from '../wire.ts';

/** An error that the page shows under the turn: in our words, or, without any, in the page's. */
export function errorEvent(message: string | undefined, allowRetry = true): StreamError {
  return message === undefined
    ? { type: 'error', code: 'stream.error', allow_retry: allowRetry }
    : { type: 'error', code: 'custom', message, allow_retry: allowRetry };
}
