import { backoffDelay, waitToReconnect } from './backoff.ts';
import { readEvents } from './event-stream.ts';
import { ApiError, problemFrom } from './problem.ts';
import { authorisedFetch, request } from './request.ts';
import type { RunEvent } from './types.ts';

const STREAM = { accept: 'text/event-stream' };

/** What a new run stands in the place of: an answer, made once more, or a question, asked otherwise. */
export type Replaced = { kind: 'answer' | 'question'; messageId: string };

/**
 * Asks a question, or for what `replaces` says. The response is the run's stream from its first event; `x-run-id` names the run. Repeated with the same
 * `key` it is the same run, so a question whose fate is unknown can be sent again. @throws ApiError when it is refused
 */
export async function startRun(
  sessionId: string,
  { input, replaces }: { input: string | null; replaces: Replaced | null },
  key: string,
  signal: AbortSignal,
): Promise<Response> {
  const response = await authorisedFetch(`/v1/sessions/${sessionId}${pathOf(replaces)}`, {
    method: 'POST',
    body: input === null ? {} : { input },
    headers: { ...STREAM, 'idempotency-key': key },
    signal,
  });
  if (!response.ok) throw await problemFrom(response);
  return response;
}

function pathOf(replaces: Replaced | null): string {
  if (replaces === null) return '/runs';
  return `/messages/${replaces.messageId}/${replaces.kind === 'answer' ? 'regenerate' : 'edit'}`;
}

export function cancelRun(runId: string): Promise<void> {
  return request(`/v1/runs/${runId}/cancel`, { method: 'POST', body: {} });
}

/** The user's word on a call that asks for it. @throws ApiError */
export function decideToolCall(runId: string, toolCallId: string, approved: boolean): Promise<void> {
  const decisions = [{ tool_call_id: toolCallId, approved }];
  return request(`/v1/runs/${runId}/tool-approvals`, { method: 'POST', body: { decisions } });
}

export type FollowOptions = {
  runId: string;
  /** The last `seq` that is already known; 0 for all of it. */
  after: number;
  signal: AbortSignal;
  onEvent: (event: RunEvent) => void;
  onConnection: (state: 'open' | 'waiting') => void;
};

/**
 * Follows a run to its end through any number of broken connections: each begins after the last event that was seen, so
 * none is lost or shown twice. @throws ApiError when the server says that there is nothing to follow
 */
export async function followRun(options: FollowOptions): Promise<void> {
  const progress = { after: options.after, attempt: 0 };
  for (;;) {
    if (await followOnce(options, progress)) return;
    options.onConnection('waiting');
    progress.attempt += 1;
    await waitToReconnect(backoffDelay(progress.attempt), options.signal);
  }
}

/** True once the run has ended; false when the connection broke. */
async function followOnce(options: FollowOptions, progress: { after: number; attempt: number }): Promise<boolean> {
  try {
    const response = await authorisedFetch(`/v1/runs/${options.runId}/events`, {
      query: { after: progress.after },
      headers: STREAM,
      signal: options.signal,
    });
    if (!response.ok) throw await problemFrom(response);
    options.onConnection('open');
    // It has ended, and all of it was seen.
    if (response.status === 204) return true;
    return await relay(response, progress, options.onEvent);
  } catch (error) {
    if (options.signal.aborted || (error instanceof ApiError && !error.temporary)) throw error;
    return false;
  }
}

/** Hands on each event that is new. True when the last one was the run's end. */
export async function relay(
  response: Response,
  progress: { after: number; attempt: number },
  onEvent: (event: RunEvent) => void,
): Promise<boolean> {
  if (response.body === null) return false;
  for await (const event of readEvents(response.body)) {
    if (event.seq <= progress.after) continue;
    progress.after = event.seq;
    progress.attempt = 0;
    onEvent(event);
    if (event.type === 'run-end') return true;
  }
  return false;
}
