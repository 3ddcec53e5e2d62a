import type { RecallFor } from '../features/chat/index.ts';
import type { Memory } from '../features/memory/index.ts';
import { traced } from '../platform/telemetry/tracing.ts';

/** Lets the chat feature look into memory, in the words that each of the two has for it. */
export function recallWith(memory: Memory): RecallFor {
  return (tenant, question, run, signal) => {
    const asking = {
      id: run.id,
      sessionId: run.session_id,
      userId: run.user_id,
      apiKeyId: run.request.api_key_id ?? null,
      subject: run.request.memory?.subject ?? '',
    };
    return traced('search_memory', 'internal', RECALL, () => memory.chat.recall(tenant, question, asking, signal));
  };
}

const RECALL = { 'gen_ai.operation.name': 'search_memory', 'gen_ai.provider.name': 'parley' };
