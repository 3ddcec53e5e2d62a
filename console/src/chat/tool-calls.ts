import type { Message, RunEvent } from '../api/types.ts';

/** `asks`: the user must allow it. `waits`: another program has to give its result. */
export type ToolCallState = 'running' | 'asks' | 'waits' | 'done' | 'failed';

export type ToolCallEntry = {
  id: string;
  name: string;
  input: unknown;
  state: ToolCallState;
  /** What came back, once it is there. */
  result?: unknown;
};

type CallEvent = Extract<RunEvent, { type: 'tool-call' }>;
type ResultEvent = Extract<RunEvent, { type: 'tool-result' }>;

export function withCall(calls: readonly ToolCallEntry[], event: Omit<CallEvent, 'seq' | 'run_id'>) {
  const { id, name, input } = event.tool_call;
  const state = event.needs_approval ? 'asks' : event.executor === 'client' ? 'waits' : 'running';
  return [...calls, { id, name, input, state } satisfies ToolCallEntry];
}

export function withResult(calls: readonly ToolCallEntry[], event: Omit<ResultEvent, 'seq' | 'run_id'>) {
  const failed = event.error !== undefined;
  return changed(calls, event.tool_call_id, {
    state: failed ? 'failed' : 'done',
    result: failed ? event.error : event.output,
  });
}

export function withDecision(calls: readonly ToolCallEntry[], id: string): readonly ToolCallEntry[] {
  return changed(calls, id, { state: 'running' });
}

export function callsOfMessage({ parts }: Message): readonly ToolCallEntry[] {
  let calls: readonly ToolCallEntry[] = [];
  for (const part of parts) {
    if (part.type === 'tool-call') calls = withCall(calls, { ...part, executor: part.executor ?? 'server' });
    else if (part.type === 'tool-result') calls = withResult(calls, part);
  }
  // Nobody works on a stored message any more.
  return calls.map((call) =>
    call.result === undefined && call.state !== 'done' ? { ...call, state: 'failed' } : call,
  );
}

function changed(
  calls: readonly ToolCallEntry[],
  id: string,
  change: Partial<ToolCallEntry>,
): readonly ToolCallEntry[] {
  return calls.map((call) => (call.id === id ? { ...call, ...change } : call));
}
