import type { Chat, LoggedEvent } from '../../features/chat/index.ts';
import type { Principal } from '../../features/identity/index.ts';
import { AnswerItems } from './items/answer-items.ts';
import { errorEvent } from './items/error-event.ts';
import type { ThreadEvent } from './wire.ts';

export type StreamedRun = { id: string; session_id: string; message_id: string };

/** Seqs of the log that a client has: what is up to it is taken in silence. */
export type Following = { after?: number; signal: AbortSignal };

const NOT_OVER: ThreadEvent = errorEvent(undefined);

/**
 * A run's answer as ChatKit's events, until the run has ended or waits for the page: then there is nothing more to say.
 * A source that dries up before, because the server stops, ends with an error that offers to try again.
 */
export async function* answerEvents(
  { runs }: Chat,
  principal: Principal,
  run: StreamedRun,
  { after = 0, signal }: Following,
): AsyncGenerator<readonly ThreadEvent[]> {
  const answer = new AnswerItems({ id: run.message_id, session_id: run.session_id });
  for await (const lines of await runs.follow(principal, run.id, 0, signal)) {
    const events: ThreadEvent[] = [];
    for (const line of lines) {
      const event = JSON.parse(line.json) as LoggedEvent;
      const said = answer.add(event);
      if (event.seq <= after) continue;
      events.push(...said);
      if (event.type === 'run-wait' || event.type === 'run-end') {
        yield events;
        return;
      }
    }
    if (events.length > 0) yield events;
  }
  if (!signal.aborted) yield [NOT_OVER];
}
