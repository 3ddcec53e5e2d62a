import type { Chat, RunView } from '../../../features/chat/index.ts';
import type { Principal } from '../../../features/identity/index.ts';
import { ApiError } from '../../../platform/http/errors.ts';

/** How long a new question waits for an answer that is being stopped, ms. */
const STOPPING_MS = 5_000;

/**
 * Begins a run; where the session has an unfinished one that waits for its client, or with `stop` any, that one is given up
 * first, and one that is being stopped is waited for.
 * @throws ApiError ERR_CHAT_005 where another one still answers
 */
export async function makingWay(
  { runs }: Pick<Chat, 'runs'>,
  principal: Principal,
  sessionId: string,
  begin: () => Promise<RunView>,
  { signal, stop = false }: { signal: AbortSignal; stop?: boolean },
): Promise<RunView> {
  try {
    return await begin();
  } catch (error) {
    if (!(error instanceof ApiError && error.definition.code === 'ERR_CHAT_005')) throw error;
    const patience = AbortSignal.any([signal, AbortSignal.timeout(STOPPING_MS)]);
    if (!(await runs.makeWay(principal, sessionId, patience, stop))) throw error;
    return begin();
  }
}
