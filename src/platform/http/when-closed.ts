import type { ServerResponse } from 'node:http';

/** Acts once an answer is over, soon where its client has left already: `close` is never said to who comes late. */
export function whenClosed(answer: ServerResponse, act: () => void): void {
  if (answer.closed) setImmediate(act);
  else answer.once('close', act);
}
