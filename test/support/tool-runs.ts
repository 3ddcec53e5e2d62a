/** Chats whose runs call tools of a test's own: what the tests of tools and waiting share. */
import { pino } from 'pino';
import type { ChatModel, ToolCall } from '../../src/ai/chat-model.ts';
import type { Script } from '../../src/ai/fakes.ts';
import {
  type Chat,
  createChat,
  type LoggedEvent,
  type RetrieveFor,
  type RunLimits,
  type RunTool,
  type ToolSource,
} from '../../src/features/chat/index.ts';
import type { LeaseTimes } from '../../src/features/chat/run/worker-lease.ts';
import type { Principal } from '../../src/features/identity/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { createMetrics, type Metrics } from '../../src/platform/telemetry/metrics.ts';
import { forgettingOn } from './forgetting.ts';
import { unmetered } from './unmetered.ts';

export const QUICK: LeaseTimes = { lease: 400, heartbeat: 100, sweep: 50, writeRetry: 200 };
/** A lease that its holder never renews: as good as a dead process. */
export const NEVER_RENEWED: LeaseTimes = { lease: 50, heartbeat: 60_000, sweep: 60_000, writeRetry: 200 };

const searchesNothing: RetrieveFor = () => async (query) => ({
  query,
  route: 'off',
  strategy: 'none',
  hits: [],
  passages: null,
});

export type ToolChat = Chat & { metrics: Metrics };

export type ToolChatOptions = {
  tools?: readonly RunTool[];
  leaseTimes?: LeaseTimes;
  limits?: Partial<RunLimits>;
  retrieve?: RetrieveFor;
};

/** A chat, started, that offers `tools` whenever a run asks for `search_documents`. */
export async function startToolChat(database: Database, model: ChatModel, options: ToolChatOptions = {}) {
  const { tools = [], leaseTimes = QUICK, limits = {}, retrieve = searchesNothing } = options;
  const source: ToolSource = { fault: async () => null, open: async () => tools };
  const metrics = createMetrics();
  const queue = { enqueue: async () => undefined };
  const forgetting = forgettingOn(database, queue, () => [chat.forgetter]);
  const chat: Chat = createChat({
    database,
    log: pino({ level: 'silent' }),
    metrics,
    clock: systemClock,
    meter: unmetered,
    models: { resolve: () => model, list: () => [], embedder: null },
    retrieve,
    tools: source,
    limits,
    queue,
    forgetting,
    leaseTimes,
  });
  await chat.engine.start();
  return { ...chat, metrics };
}

export function tool(name: string, run: RunTool['run'], more: Partial<RunTool> = {}): RunTool {
  return {
    name,
    description: `Does ${name}.`,
    inputSchema: { type: 'object' },
    effects: false,
    timeoutMs: 5_000,
    metric: 'test',
    run,
    ...more,
  };
}

/** A step in which the model calls tools, and then stops. */
export function calls(...toolCalls: ToolCall[]): Script {
  const usage = { inputTokens: 10, outputTokens: 5 };
  return [
    toolCalls.map((toolCall) => ({ type: 'tool-call' as const, toolCall })),
    { type: 'finish', reason: 'tool-calls', usage },
  ];
}

export const call = (name: string, input: unknown = {}, id = `call-${name}`): ToolCall => ({ id, name, input });

/** All events of a run until its end. */
export function wholeLog(chat: Chat, principal: Principal, runId: string): Promise<LoggedEvent[]> {
  return logUntil(chat, principal, runId, 'run-end');
}

/** The events of a run until the first of this type. */
export async function logUntil(chat: Chat, principal: Principal, runId: string, type: LoggedEvent['type']) {
  const events: LoggedEvent[] = [];
  const leave = new AbortController();
  for await (const lines of await chat.runs.follow(principal, runId, 0, leave.signal)) {
    events.push(...lines.map(({ json }) => JSON.parse(json) as LoggedEvent));
    if (events.some((event) => event.type === type)) break;
  }
  return events;
}

export function resultsOf(events: readonly LoggedEvent[]) {
  return events.flatMap((event) =>
    event.type === 'tool-result'
      ? [{ id: event.tool_call_id, ...(event.error ? { error: event.error } : { output: event.output }) }]
      : [],
  );
}
