import type { ToolCall } from '../../../ai/chat-model.ts';
import { newId } from '../../../platform/id.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';
import type { Metrics } from '../../../platform/telemetry/metrics.ts';
import { traced } from '../../../platform/telemetry/tracing.ts';
import type { AnswerStep, LoggedCall } from './answer.ts';
import { checkToolInput } from './check-tool-input.ts';
import { actOn } from './run-machine.ts';
import { type OfferedTool, ToolError, type ToolOwner, type ToolSet } from './run-tools.ts';
import type { RunWriter } from './run-writer.ts';
import type { ToolAnswer } from './tool-answer.store.ts';

/** What a step's tool calls are worked on with. */
export type Calling = {
  tools: ToolSet;
  owner: ToolOwner;
  /** What clients have answered so far, by the call's id. */
  answers(): Promise<ReadonlyMap<string, ToolAnswer>>;
  takeNumbers(count: number): number;
  metrics: Pick<Metrics, 'toolCalls'>;
  log: Logger;
};

export type WrittenCall = ToolCall;

/** Characters of a result's JSON: what a model can still read, and what an event may weigh. */
const LARGEST_OUTPUT = 200_000;
const LONGEST_ID = 200;
/** Calls of one step that run at the same time: a model may ask for a hundred searches in one breath. */
const MOST_AT_ONCE = 8;
/** What every database, address and provider takes as it is. */
const PLAIN = /^[!-~]+$/;

/** Logs what the model called. A call that nobody can run is answered at once, with a value that the model sees.
 * @param tools null where no more calls are allowed */
export function logCalls(calls: readonly WrittenCall[], tools: ToolSet | null, writer: RunWriter): void {
  for (const call of calls) {
    const toolCall = { ...call, id: freshId(call.id, writer) };
    const { name } = toolCall;
    const offered = tools?.get(name);
    const asks = offered?.executor === 'server' && offered.tool.needsApproval;
    const fault = faultOfCall(toolCall, tools);
    // A person is asked, and a client is told to run it, only when the call can be run as it stands.
    writer.emit({
      type: 'tool-call',
      tool_call: toolCall,
      executor: fault === null ? (offered?.executor ?? 'server') : 'server',
      ...(asks && fault === null && { needs_approval: true as const }),
    });
    if (fault !== null) writer.emit({ type: 'tool-result', tool_call_id: toolCall.id, error: fault });
  }
}

function faultOfCall({ name, input }: WrittenCall, tools: ToolSet | null): string | null {
  if (tools === null) return 'This answer may call no more tools. Answer with what is known.';
  const offered = tools.get(name);
  return offered ? checkToolInput(offered.definition.inputSchema, input) : unknownTool(name, tools);
}

/** Some providers count their calls anew in each answer. */
function freshId(id: string, { answer }: RunWriter): string {
  const usable = id.length <= LONGEST_ID && PLAIN.test(id) && !answer.call(id);
  return usable ? id : `call_${newId()}`;
}

function unknownTool(name: string, tools: ToolSet): string {
  const known = [...tools.keys()].join(', ');
  return `There is no tool "${name.slice(0, 100)}". ${known ? `There are: ${known}.` : 'There are no tools.'}`;
}

/** Brings the calls of a step as far as this program can: afterwards each is answered, or waits for a client. */
export async function settleCalls(step: AnswerStep, calling: Calling, writer: RunWriter, signal: AbortSignal) {
  for (;;) {
    await takeAnswers(step, calling, writer);
    const due = step.calls.filter((call) => !['nothing', 'wait'].includes(act(call, calling)));
    if (due.length === 0) return;
    // Nothing begins before the log says that it does.
    await writer.flushed();
    const left = due.values();
    const work = async () => {
      for (const call of left) await settle(call, calling, writer, signal);
    };
    await Promise.all(Array.from({ length: Math.min(due.length, MOST_AT_ONCE) }, work));
  }
}

/** The calls of a step that only a client can bring further. */
export function awaitedCalls(step: AnswerStep) {
  return step.calls
    .filter(({ state }) => state === 'asks' || state === 'offered')
    .map(({ id, name, input, state }) => {
      const needs = state === 'asks' ? ('approval' as const) : ('output' as const);
      return { id, name, input, needs };
    });
}

function act(call: LoggedCall, { tools }: Calling) {
  const offered = tools.get(call.name);
  const effects = offered?.executor === 'server' ? offered.tool.effects : true;
  return actOn(call.state, { inherited: call.inherited, effects });
}

async function takeAnswers(step: AnswerStep, calling: Calling, writer: RunWriter): Promise<void> {
  const open = step.calls.filter(({ state }) => state === 'asks' || state === 'offered');
  if (open.length === 0) return;
  const answers = await calling.answers();
  for (const { id, executor } of open) {
    const answer = answers.get(id);
    if (!answer) continue;
    if ('approved' in answer) writer.emit({ type: 'tool-approval', tool_call_id: id, ...answer });
    else {
      writer.emit({ type: 'tool-result', tool_call_id: id, ...answer });
      calling.metrics.toolCalls.inc({ tool: executor, outcome: 'error' in answer ? 'error' : 'ok' });
    }
  }
}

const MAY_HAVE_RUN =
  'The server that ran this tool was lost before it had a result. The tool may have done its work or not; it was not called again.';

async function settle(call: LoggedCall, calling: Calling, writer: RunWriter, signal: AbortSignal): Promise<void> {
  const offered = calling.tools.get(call.name);
  const { outcome, result } = await resultOf(call, offered, calling, signal);
  signal.throwIfAborted();
  calling.metrics.toolCalls.inc({ tool: offered?.executor === 'server' ? offered.tool.metric : 'unknown', outcome });
  writer.emit({ type: 'tool-result', tool_call_id: call.id, ...result });
}

type Result = { output: unknown } | { error: string };
type Settled = { outcome: 'ok' | 'error' | 'timeout' | 'refused' | 'lost' | 'unknown'; result: Result };

async function resultOf(
  call: LoggedCall,
  offered: OfferedTool | undefined,
  calling: Calling,
  signal: AbortSignal,
): Promise<Settled> {
  switch (act(call, calling)) {
    case 'give-up':
      return { outcome: 'lost', result: { error: MAY_HAVE_RUN } };
    case 'tell-refusal':
      return { outcome: 'refused', result: { error: refusal(call.reason) } };
    default:
  }
  // It was offered when it was called: its server, or its setting, has gone since.
  if (offered?.executor !== 'server')
    return { outcome: 'unknown', result: { error: unknownTool(call.name, calling.tools) } };
  return runTool(call, offered, calling, signal);
}

function refusal(reason: string | undefined): string {
  return `The user did not allow this call.${reason ? ` Their reason: ${reason}` : ''}`;
}

async function runTool(
  { id, name, input }: LoggedCall,
  { tool }: Extract<OfferedTool, { executor: 'server' }>,
  { owner, takeNumbers, log }: Calling,
  signal: AbortSignal,
): Promise<Settled> {
  const timeout = AbortSignal.timeout(tool.timeoutMs);
  const either = AbortSignal.any([signal, timeout]);
  try {
    const run = () => untilAborted(tool.run(input, { ...owner, takeNumbers, signal: either }), either);
    const output = (await traced(`execute_tool ${name}`, 'internal', spanOf(id, name), run)) ?? null;
    const size = JSON.stringify(output).length;
    if (size <= LARGEST_OUTPUT) return { outcome: 'ok', result: { output } };
    const error = `The result is too large: ${size} characters, at most ${LARGEST_OUTPUT} are allowed. Ask for less.`;
    return { outcome: 'error', result: { error } };
  } catch (error) {
    if (timeout.aborted) {
      return { outcome: 'timeout', result: { error: `The tool gave no result within ${tool.timeoutMs / 1000} s.` } };
    }
    if (!signal.aborted && !(error instanceof ToolError)) log.warn({ err: error, tool: name }, 'a tool failed');
    const words = error instanceof ToolError ? error.message : 'The tool failed.';
    return { outcome: 'error', result: { error: words } };
  }
}

/** https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans#execute-tool-span */
function spanOf(id: string, name: string) {
  return { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': name, 'gen_ai.tool.call.id': id };
}

/** A tool that does not listen to its signal is left behind. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  return Promise.race([work, aborted.promise]).finally(() => signal.removeEventListener('abort', abort));
}
