import type { RunView, SessionView } from '../../../features/chat/index.ts';
import type { Principal } from '../../../features/identity/index.ts';
import type { StreamingOperation } from '../chatkit.schema.ts';
import type { ChatkitDependencies, ChatkitOptions } from '../dependencies.ts';
import type { PreviewUrl } from '../items/user-item.ts';
import { answerEvents, type StreamedRun } from '../run-stream.ts';
import { threadView } from '../thread.ts';
import type { ThreadEvent } from '../wire.ts';

/** What an operation works with. */
export type Acting = {
  deps: ChatkitDependencies;
  principal: Principal;
  options: ChatkitOptions;
  previewUrl: PreviewUrl;
  signal: AbortSignal;
  /** Does what a repeated request must not do again. */
  once<Result>(work: () => Promise<Result>): Promise<Result>;
};

/** What a streaming operation has done, and what its stream tells. All that is refused was refused before. */
export type Turn = {
  session: SessionView;
  /** Before the answer begins. */
  opening: readonly ThreadEvent[];
  /** The answer that follows; null where nothing more is said. */
  answer: (StreamedRun & { after: number }) | null;
  /** What comes instead of an answer. */
  closing?: readonly ThreadEvent[];
  /** The title that the client knows. */
  knownTitle: string | null;
};

export type ParamsOf<Name extends StreamingOperation['type']> = Extract<StreamingOperation, { type: Name }>['params'];

/** The events of a turn, in ChatKit's order: what was done, whether it can be stopped, the answer, and a changed title. */
export async function* turnEvents(
  { deps, principal, options }: Acting,
  turn: Turn,
  signal: AbortSignal,
): AsyncGenerator<readonly ThreadEvent[]> {
  const { chat } = deps;
  const { session } = turn;
  const cancelable = { type: 'stream_options', stream_options: { allow_cancel: options.stopOnClose } } as const;
  const titled = session.title !== turn.knownTitle;
  yield [...before(turn), cancelable, ...after(turn), ...(titled ? [updated(session)] : [])];
  if (turn.answer) yield* answerEvents(chat, principal, turn.answer, { after: turn.answer.after, signal });
  if (turn.closing) yield turn.closing;
  if (!turn.answer || signal.aborted) return;
  const now = await chat.sessions.get(principal, session.id).catch(() => session);
  if (now.title !== session.title) yield [updated(now)];
}

/** The answered question is told behind the options, everything else before them. */
function before({ opening }: Turn): readonly ThreadEvent[] {
  return opening.filter(({ type }) => type !== 'thread.item.replaced');
}

function after({ opening }: Turn): readonly ThreadEvent[] {
  return opening.filter(({ type }) => type === 'thread.item.replaced');
}

function updated(session: SessionView): ThreadEvent {
  return { type: 'thread.updated', thread: threadView(session) };
}

export function answerOf({ id, session_id, message_id }: RunView, seen = 0): NonNullable<Turn['answer']> {
  return { id, session_id, message_id, after: seen };
}
