import type { Chat, EventLine, LoggedEvent } from '../../features/chat/index.ts';
import type { Principal } from '../../features/identity/index.ts';
import { ApiError, serverErrors } from '../../platform/http/errors.ts';

export type RunEnd = Extract<LoggedEvent, { type: 'run-end' }>;

export function eventOf({ json }: EventLine): LoggedEvent {
  return JSON.parse(json) as LoggedEvent;
}

/** All events of a run once it has ended; null when the signal came first, or the run was deleted.
 * @throws ApiError where the run goes on and this process does not */
export async function allEvents(
  { runs }: Chat,
  principal: Principal,
  runId: string,
  signal: AbortSignal,
): Promise<LoggedEvent[] | null> {
  const events: LoggedEvent[] = [];
  for await (const lines of await runs.follow(principal, runId, 0, signal)) events.push(...lines.map(eventOf));
  if (events.at(-1)?.type === 'run-end') return events;
  if (signal.aborted || !(await isThere(runs, principal, runId))) return null;
  throw serverErrors.unavailable();
}

async function isThere(runs: Chat['runs'], principal: Principal, runId: string): Promise<boolean> {
  try {
    await runs.get(principal, runId);
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.definition.kind === 'not-found') return false;
    throw error;
  }
}
