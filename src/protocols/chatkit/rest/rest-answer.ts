import { setTimeout } from 'node:timers/promises';
import type { Chat, SessionView } from '../../../features/chat/index.ts';
import type { Principal } from '../../../features/identity/index.ts';
import { isId } from '../../../platform/id.ts';
import { chatkitErrors } from '../chatkit.errors.ts';
import type { ThreadEvent } from '../wire.ts';

/** How long an answer may be silent before its stream is opened all the same, ms. */
const PATIENCE_MS = 5_000;

type Batches = AsyncGenerator<readonly ThreadEvent[]>;

/** One's own session. An id that is none leads nowhere, as an unknown one does. */
export async function sessionOf(sessions: Chat['sessions'], principal: Principal, id: string): Promise<SessionView> {
  if (!isId(id)) throw chatkitErrors.sessionNotFound();
  return sessions.get(principal, id);
}

/**
 * The same events, once the first words are there or the answer has been silent for a while.
 * @throws ApiError ERR_CHATKIT_009 when it failed before its first word, so that the request can fail instead of a stream
 */
export async function firstWords(batches: Batches, patience = PATIENCE_MS): Promise<Batches> {
  const late = setTimeout(patience, null, { ref: false });
  const begun: ThreadEvent[] = [];
  let next = batches.next();
  for (;;) {
    const result = await Promise.race([next, late]);
    if (result === null || result.done === true) break;
    begun.push(...result.value);
    if (begun.some(({ type }) => type.startsWith('thread.item'))) return continued(begun, batches);
    const failure = begun.find((event) => event.type === 'error');
    if (failure) throw chatkitErrors.upstreamFailed(failure.message);
    next = batches.next();
  }
  return continued(begun, batches, next);
}

async function* continued(
  begun: readonly ThreadEvent[],
  batches: Batches,
  pending?: Promise<IteratorResult<readonly ThreadEvent[]>>,
): Batches {
  if (begun.length > 0) yield begun;
  const result = await pending;
  if (result?.done) return;
  if (result) yield result.value;
  yield* batches;
}
