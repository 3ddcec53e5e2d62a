import { pino } from 'pino';
import type { ChatModel } from '../../../src/ai/chat-model.ts';
import { type Chat, type ChatDependencies, createChat, type RetrieveFor } from '../../../src/features/chat/index.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import type { Database } from '../../../src/platform/database/database.ts';
import { createMetrics } from '../../../src/platform/telemetry/metrics.ts';
import { forgettingOn } from '../forgetting.ts';
import { unmetered } from '../unmetered.ts';

/** A lease as short as a busy machine allows, ms. */
export const QUICK_LEASE = { lease: 400, heartbeat: 100, sweep: 50, writeRetry: 5_000 };

const searchesNothing: RetrieveFor = () => async (query) => ({
  query,
  route: 'off',
  strategy: 'none',
  hits: [],
  passages: null,
});

/** A worker over a database, as one process has it; more than one of them may share a database. */
export async function startRunWorker(
  database: Database,
  model: ChatModel,
  more: Partial<ChatDependencies> = {},
): Promise<Chat> {
  const queue = { enqueue: async () => undefined };
  const forgetting = forgettingOn(database, queue, () => [chat.forgetter]);
  const chat: Chat = createChat({
    database,
    log: pino({ level: 'silent' }),
    metrics: createMetrics(),
    clock: systemClock,
    models: { resolve: () => model, list: () => [], embedder: null },
    meter: unmetered,
    retrieve: searchesNothing,
    queue,
    forgetting,
    leaseTimes: QUICK_LEASE,
    ...more,
  });
  await chat.engine.start();
  return chat;
}
