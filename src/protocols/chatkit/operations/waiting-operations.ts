import type { RunView, SessionView } from '../../../features/chat/index.ts';
import { chatkitErrors } from '../chatkit.errors.ts';
import { sessionIdOf } from '../ids.ts';
import { type WaitingAnswer, waitingAnswer } from '../items/thread-items.ts';
import { APPROVE, type Call, DECLINE, questionsOf, SKIPPED } from '../items/tool-view.ts';
import type { Question, StructuredInputItem } from '../wire.ts';
import { type Acting, answerOf, type ParamsOf, type Turn } from './turn.ts';
import { assertLength } from './user-input.ts';

type Given = ParamsOf<'threads.add_structured_input'>['input'];
type Waiting = WaitingAnswer & { call: Call };

/** `threads.add_client_tool_output`: the result of the page's tool; the answer goes on. */
export async function addToolOutput(acting: Acting, params: ParamsOf<'threads.add_client_tool_output'>): Promise<Turn> {
  const { deps, principal } = acting;
  const session = await deps.chat.sessions.get(principal, sessionIdOf(params.thread_id));
  const waiting = await waitingCall(acting, session);
  if (!waiting || waiting.call.approval !== null || questionsOf(waiting.call)) throw chatkitErrors.notPending();
  const output = { tool_call_id: waiting.call.id, output: params.result };
  const run = await deps.chat.runs.submitToolOutputs(principal, waiting.runId, [output]);
  return turnOn(acting, session, waiting, run, []);
}

/** `threads.add_structured_input`: the user's word on a call, or the answers to the model's questions. */
export async function addStructuredInput(
  acting: Acting,
  params: ParamsOf<'threads.add_structured_input'>,
): Promise<Turn> {
  const { deps, principal } = acting;
  const session = await deps.chat.sessions.get(principal, sessionIdOf(params.thread_id));
  const waiting = await waitingCall(acting, session);
  const item = waiting?.answer.items().find(({ id }) => id === params.item_id);
  if (!waiting || item?.type !== 'structured_input' || item.status !== 'pending')
    throw chatkitErrors.notPending('This question is not open any more.');
  assertLength(Object.values(params.input.answers ?? {}).flatMap(({ values = [] }) => values));
  const answered = answeredItem(item, params.input);
  const run = await giveAnswers(acting, waiting, answered);
  return turnOn(acting, session, waiting, run, [{ type: 'thread.item.replaced', item: answered }]);
}

async function waitingCall({ deps, principal }: Acting, session: SessionView): Promise<Waiting | null> {
  const waiting = await waitingAnswer(deps.chat, principal, session);
  const call = waiting?.answer.waiting;
  return waiting && call ? { ...waiting, call } : null;
}

async function giveAnswers(
  { deps, principal }: Acting,
  { runId, call }: Waiting,
  item: StructuredInputItem,
): Promise<RunView> {
  const { runs } = deps.chat;
  if (call.approval === 'needed') {
    const [value = SKIPPED] = item.inputs[0]?.answer?.values ?? [];
    const approved = value === APPROVE;
    const reason = !approved && value !== DECLINE ? { reason: value } : {};
    return runs.decideToolCalls(principal, runId, [{ tool_call_id: call.id, approved, ...reason }]);
  }
  const answers = Object.fromEntries(item.inputs.map(({ id, answer }) => [id, answer]));
  const output = { status: item.status, answers };
  return runs.submitToolOutputs(principal, runId, [{ tool_call_id: call.id, output }]);
}

/** A question with what was said to it, by ChatKit's rules. What was not asked is passed over. */
export function answeredItem(
  item: StructuredInputItem,
  { status = 'answered', answers = {} }: Given,
): StructuredInputItem {
  const inputs = item.inputs.map((question): Question => {
    const { values = [], skipped = false } = answers[question.id] ?? {};
    const isSkipped = status === 'skipped' || skipped || values.length === 0;
    const isSingle = question.type === 'multiple_choice' && !question.multiple;
    const kept = isSingle ? values.slice(0, 1) : values;
    return { ...question, answer: isSkipped ? { values: [], skipped: true } : { values: kept, skipped: false } };
  });
  return { ...item, status, inputs };
}

/** The answer goes on; or the next of several calls is shown, and the stream ends with it. */
async function turnOn(
  { deps, principal }: Acting,
  session: SessionView,
  { lastSeq }: WaitingAnswer,
  run: RunView,
  opening: Turn['opening'],
): Promise<Turn> {
  const turn = { session, opening, knownTitle: session.title };
  if (run.status !== 'waiting') return { ...turn, answer: answerOf(run, lastSeq) };
  const next = await waitingAnswer(deps.chat, principal, session);
  return { ...turn, answer: null, closing: next?.shown ?? [] };
}
