import type { Chat, EventLine, LoggedEvent } from '../../features/chat/index.ts';
import type { Principal } from '../../features/identity/index.ts';

export type RunEnd = Extract<LoggedEvent, { type: 'run-end' }>;

export function eventOf({ json }: EventLine): LoggedEvent {
  return JSON.parse(json) as LoggedEvent;
}

/** All events of a run once it has ended; null when the signal came first, or the run was deleted. */
export async function allEvents(
  { runs }: Chat,
  principal: Principal,
  runId: string,
  signal: AbortSignal,
): Promise<LoggedEvent[] | null> {
  const events: LoggedEvent[] = [];
  for await (const lines of await runs.follow(principal, runId, 0, signal)) events.push(...lines.map(eventOf));
  return events.at(-1)?.type === 'run-end' ? events : null;
}
