import { backoffDelay, waitToReconnect } from '../api/backoff.ts';
import { ApiError, unreachable } from '../api/problem.ts';
import { cancelRun, followRun, type Replaced, relay, startRun } from '../api/runs.ts';
import type { RunEvent } from '../api/types.ts';
import { type Answer, applyEvent, emptyAnswer } from './answer.ts';

/**
 * The answers that are being written, one a session, kept outside React so that they go on while another page is shown.
 *
 * | phase | means | goes on to |
 * |---|---|---|
 * | starting | the question is on its way; no event has come | streaming, unsent, failed (refused) |
 * | unsent | the server was not reached, or not known to be: it is sent again, as the same question | streaming, failed |
 * | streaming | events come | waiting, ended |
 * | waiting | the connection broke; it is tried again | streaming, failed (nothing to follow) |
 * | ended | `run-end` was seen | gone when the stored messages are there, failed when the run failed |
 * | failed | kept until it is dismissed | |
 *
 * A new question begins anew from none, ended and failed.
 */
export type LivePhase = 'starting' | 'unsent' | 'streaming' | 'waiting' | 'ended' | 'failed';

export type LiveRun = {
  sessionId: string;
  /** What was asked in this tab; null for a run that was found under way, and for an answer that is made once more. */
  question: string | null;
  /** What it stands in the place of, on a branch of its own; null at the end of the chat. */
  replaces: Replaced | null;
  answer: Answer;
  phase: LivePhase;
  stopping: boolean;
  /** Why it failed. Faults of the run itself are in the answer. */
  error: ApiError | null;
};

/** Whether more of the answer may come. */
export function isAnswering({ phase }: LiveRun): boolean {
  return phase !== 'ended' && phase !== 'failed';
}

export type LiveRunEvents = {
  /** The question is stored and its run has begun. */
  onStarted: (sessionId: string, question: string | null) => void;
  /** The run has ended: read what is stored. True when its answer is there to be shown, so that the live copy may go. */
  onEnded: (sessionId: string) => Promise<boolean>;
};

/** Deltas come hundreds a second; the page is drawn at most this often. */
const DRAW_EVERY_MS = 40;
/** Each drawing reads the whole answer as Markdown, about 1 ms for 1,000 characters: long ones are drawn less often. */
const DRAW_PAUSE_MS_PER_CHARACTER = 0.005;

/** How often a question is sent to a server that answers, but is not ready. One that can't be reached is tried for ever. */
const ATTEMPTS_WHEN_NOT_READY = 5;

/** `key` makes every sending of one question the same question. */
type Entry = { run: LiveRun; shown: LiveRun; key: string; abort: AbortController };

export type LiveRuns = ReturnType<typeof createLiveRuns>;

export function createLiveRuns(events: LiveRunEvents) {
  const entries = new Map<string, Entry>();
  const listeners = new Set<() => void>();
  let drawTimer: ReturnType<typeof setTimeout> | undefined;

  function draw(): void {
    clearTimeout(drawTimer);
    drawTimer = undefined;
    for (const entry of entries.values()) entry.shown = entry.run;
    for (const listener of [...listeners]) listener();
  }

  function change(entry: Entry, changes: Partial<LiveRun>, now = true): void {
    entry.run = { ...entry.run, ...changes };
    if (now) draw();
    else drawTimer ??= setTimeout(draw, DRAW_EVERY_MS + DRAW_PAUSE_MS_PER_CHARACTER * lengthOf(entry.run.answer));
  }

  function open(sessionId: string, asked: Asked, key: string): Entry {
    const answer = emptyAnswer;
    const run: LiveRun = { sessionId, ...asked, answer, phase: 'starting', stopping: false, error: null };
    const entry = { run, shown: run, key, abort: new AbortController() };
    entries.set(sessionId, entry);
    draw();
    return entry;
  }

  function close(entry: Entry): void {
    entry.abort.abort();
    if (entries.get(entry.run.sessionId) === entry) entries.delete(entry.run.sessionId);
    draw();
  }

  const receive = (entry: Entry) => (event: RunEvent) => {
    change(entry, { answer: applyEvent(entry.run.answer, event), phase: 'streaming' }, event.type === 'run-end');
    if (event.type !== 'run-start') return;
    events.onStarted(entry.run.sessionId, entry.run.question);
    // Stop may have been pressed before the run had an id.
    if (entry.run.stopping) void cancel(entry, event.run_id);
  };

  async function cancel(entry: Entry, runId: string): Promise<void> {
    await cancelRun(runId).catch((error: unknown) => {
      // A run that has just ended by itself cannot be cancelled, and need not be.
      if (!(error instanceof ApiError) || error.temporary) change(entry, { stopping: false });
    });
  }

  async function follow(entry: Entry, runId: string): Promise<void> {
    change(entry, { answer: { ...entry.run.answer, runId } });
    await followRun({
      runId,
      after: entry.run.answer.lastSeq,
      signal: entry.abort.signal,
      onEvent: receive(entry),
      onConnection: (state) => change(entry, { phase: state === 'open' ? 'streaming' : 'waiting' }),
    });
  }

  /** Sends the question until it has arrived, then follows its run to the end. */
  async function ask(entry: Entry): Promise<void> {
    const response = await send(entry);
    const runId = response.headers.get('x-run-id');
    if (runId !== null) change(entry, { answer: { ...entry.run.answer, runId } });
    const over = await relay(response, { after: 0, attempt: 0 }, receive(entry)).catch(() => false);
    const known = entry.run.answer.runId;
    if (over) return;
    entry.abort.signal.throwIfAborted();
    if (known === null) throw unreachable();
    change(entry, { phase: 'waiting' });
    await follow(entry, known);
  }

  async function send(entry: Entry): Promise<Response> {
    const { question: input, replaces } = entry.run;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await startRun(entry.run.sessionId, { input, replaces }, entry.key, entry.abort.signal);
      } catch (error) {
        if (entry.abort.signal.aborted || entry.run.stopping || !maySendAgain(error, attempt)) throw error;
      }
      change(entry, { phase: 'unsent' });
      await waitToReconnect(backoffDelay(attempt), entry.abort.signal);
    }
  }

  async function carry(entry: Entry, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      change(entry, { phase: 'ended' });
      const stored = await events.onEnded(entry.run.sessionId);
      // Why a run failed is in its log only, so the live copy stays to tell it.
      if (entry.run.answer.fault !== null) change(entry, { phase: 'failed' });
      else if (stored) close(entry);
    } catch (error) {
      if (entry.abort.signal.aborted) return;
      change(entry, { phase: 'failed', error: error instanceof ApiError ? error : unreachable() });
      await events.onEnded(entry.run.sessionId);
    }
  }

  function begin(sessionId: string, asked: Asked, work: (entry: Entry) => Promise<void>): void {
    const before = entries.get(sessionId);
    if (before && isAnswering(before.run)) return;
    // Asked again, a question that never became a run is still the same question.
    const again = before !== undefined && isSame(before.run, asked) && before.run.answer.runId === null;
    const entry = open(sessionId, asked, again ? before.key : randomKey());
    void carry(entry, () => work(entry));
  }

  return {
    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    get: (sessionId: string): LiveRun | null => entries.get(sessionId)?.shown ?? null,
    /** Sends a question and follows its answer. Nothing happens while the session is still being answered. */
    start(sessionId: string, question: string): void {
      begin(sessionId, { question, replaces: null }, ask);
    },
    /** The same in the place of something that is there; an answer is made once more without a question. */
    replace(sessionId: string, replaces: Replaced, question: string | null): void {
      begin(sessionId, { question, replaces }, ask);
    },
    /** Follows a run that is under way, from its first event. A question that failed here is not pushed aside by it. */
    resume(sessionId: string, runId: string): void {
      if (!entries.has(sessionId))
        begin(sessionId, { question: null, replaces: null }, (entry) => follow(entry, runId));
    },
    /** Asks the server to stop; the answer ends with the `run-end` that follows. A question not sent yet is given up. */
    stop(sessionId: string): void {
      const entry = entries.get(sessionId);
      if (!entry || entry.run.stopping) return;
      if (entry.run.phase === 'unsent') {
        entry.abort.abort();
        change(entry, { phase: 'failed', error: unreachable() });
        return;
      }
      change(entry, { stopping: true });
      if (entry.run.answer.runId !== null) void cancel(entry, entry.run.answer.runId);
    },
    /** Lets go of one session's run, or of all on signing out. They go on at the server. */
    release(sessionId?: string): void {
      for (const entry of [...entries.values()]) {
        if (sessionId === undefined || entry.run.sessionId === sessionId) close(entry);
      }
    },
  };
}

type Asked = Pick<LiveRun, 'question' | 'replaces'>;

function isSame(one: Asked, other: Asked): boolean {
  return one.question === other.question && one.replaces?.messageId === other.replaces?.messageId;
}

function lengthOf({ parts }: Answer): number {
  return parts.reduce((length, { text }) => length + text.length, 0);
}

function maySendAgain(error: unknown, attempt: number): boolean {
  if (!(error instanceof ApiError)) return false;
  return error.unreachable || (attempt < ATTEMPTS_WHEN_NOT_READY && [502, 503, 504].includes(error.status));
}

/** `crypto.randomUUID` is kept from pages that are not on HTTPS or localhost. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
