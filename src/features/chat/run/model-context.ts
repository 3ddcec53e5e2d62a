import type { ModelMessage, ModelRequest } from '../../../ai/chat-model.ts';
import { contentOf } from '../message.ts';
import type { HistoryRow, RunRow } from './run.store.ts';

/** What the model is told, before the evidence is added. */
export type ModelContext = {
  instructions: string | null;
  messages: readonly ModelMessage[];
  maxOutputTokens: number | null;
  temperature: number | null;
};

/** Characters of earlier messages that are sent along: about 6,000 tokens, which every current model takes. */
const HISTORY_BUDGET = 24_000;

export function contextOf(run: RunRow, history: readonly HistoryRow[]): ModelContext {
  return {
    instructions: run.request.instructions,
    messages: withinBudget(history.filter(({ id }) => id !== run.message_id)),
    maxOutputTokens: run.request.max_output_tokens,
    temperature: run.request.temperature,
  };
}

/** The newest messages that fit, oldest first. The last one is what was asked: it always stays, whole. */
function withinBudget(history: readonly HistoryRow[]): ModelMessage[] {
  const kept: ModelMessage[] = [];
  let left = HISTORY_BUDGET;
  for (const { role, parts } of history.toReversed()) {
    const content = contentOf(parts);
    left -= content.length;
    if (kept.length > 0 && left < 0) break;
    if ((role === 'user' || role === 'assistant') && content !== '') kept.push({ role, content });
  }
  return kept.reverse();
}

export function modelMessages(context: ModelContext): Omit<ModelRequest, 'passages' | 'signal'> {
  const { instructions, messages, maxOutputTokens, temperature } = context;
  return {
    instructions,
    messages,
    ...(maxOutputTokens !== null && { maxOutputTokens }),
    ...(temperature !== null && { temperature }),
  };
}
