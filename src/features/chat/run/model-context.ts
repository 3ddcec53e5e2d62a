import type { ModelMessage, ModelRequest } from '../../../ai/chat-model.ts';
import { contentOf } from '../message.ts';
import type { HistoryRow, RunRequest, RunRow } from './run.store.ts';

/** What the model is told, before the evidence is added. */
export type ModelContext = {
  instructions: string | null;
  messages: readonly ModelMessage[];
  maxOutputTokens: number | null;
  temperature: number | null;
  stop: readonly string[];
};

/** Characters of earlier messages that are sent along: about 6,000 tokens, which every current model takes. */
const HISTORY_BUDGET = 24_000;
const RECENT_MESSAGES = 50;
/** Messages that one request may bring along; its session then holds them, the question and the answer. */
export const MOST_GIVEN_MESSAGES = 1_000;

/** Messages of the session that a run reads. */
export function historyLimit({ whole_history }: RunRequest): number {
  return whole_history ? MOST_GIVEN_MESSAGES + 2 : RECENT_MESSAGES;
}

export function contextOf(run: RunRow, history: readonly HistoryRow[]): ModelContext {
  return {
    instructions: run.request.instructions,
    messages: withinBudget(
      history.filter(({ id }) => id !== run.message_id),
      run.request.whole_history ? Number.POSITIVE_INFINITY : HISTORY_BUDGET,
    ),
    maxOutputTokens: run.request.max_output_tokens,
    temperature: run.request.temperature,
    stop: run.request.stop ?? [],
  };
}

/** The newest messages that fit, oldest first. The last one is what was asked: it always stays, whole. */
function withinBudget(history: readonly HistoryRow[], budget: number): ModelMessage[] {
  const kept: ModelMessage[] = [];
  let left = budget;
  for (const { role, parts } of history.toReversed()) {
    const content = contentOf(parts);
    left -= content.length;
    if (kept.length > 0 && left < 0) break;
    if ((role === 'user' || role === 'assistant') && content !== '') kept.push({ role, content });
  }
  return kept.reverse();
}

export function modelMessages(context: ModelContext): Omit<ModelRequest, 'passages' | 'signal'> {
  const { instructions, messages, maxOutputTokens, temperature, stop } = context;
  return {
    instructions,
    messages,
    ...(maxOutputTokens !== null && { maxOutputTokens }),
    ...(temperature !== null && { temperature }),
    ...(stop.length > 0 && { stop }),
  };
}
