import type { ModelMessage, ModelRequest } from '../../../ai/chat-model.ts';
import { tokensOfText } from '../../../lib/history/cut-history.ts';

/** Tokens of one request, question and answer together, and of one answer at most. */
export type ModelWindow = { contextWindow: number; maxOutput: number };

export type ContextLimits = {
  /** Null: nobody has said how much the model takes. */
  windowOf(model: string): ModelWindow | null;
  /** Tokens that such a model is taken to take. */
  unknownWindow: number;
  /** Tokens of the history at most, however much the model takes. */
  mostHistory: number;
  /** Tokens that are kept free for an answer whose length nobody has bounded; a quarter of the window at most. */
  answer: number;
};

export const DEFAULT_CONTEXT_LIMITS: ContextLimits = {
  windowOf: () => null,
  unknownWindow: 16_000,
  mostHistory: 32_000,
  answer: 4_096,
};

/** What adapters put around a request, and providers around a message, tokens. */
const AROUND_REQUEST = 1_000;
const AROUND_MESSAGE = 8;

/** Tokens that are left for the history when all that always stays has its place: the answer, the instructions, the tools,
 * what was found and recalled, and what this run has said and called so far. */
export function historyBudget(
  limits: ContextLimits,
  model: string,
  { instructions, passages, memory, tools, maxOutputTokens, messages, partialAnswer }: Omit<ModelRequest, 'signal'>,
): number {
  const window = limits.windowOf(model);
  const whole = window?.contextWindow || limits.unknownWindow;
  const answer = Math.min(maxOutputTokens ?? Math.min(limits.answer, whole / 4), window?.maxOutput || whole);
  const others = [
    instructions ?? '',
    partialAnswer ?? '',
    ...(passages ?? []).map(({ title, headingPath, text }) => `${title}${headingPath.join(' > ')}${text}`),
    ...(memory?.items ?? []).map(({ content }) => content),
    ...(tools ?? []).map((tool) => JSON.stringify(tool)),
  ];
  const taken = others.reduce((sum, text) => sum + AROUND_MESSAGE + tokensOfText(text), tokensOfMessages(messages));
  const left = whole - answer - AROUND_REQUEST - taken;
  return Math.min(left, limits.mostHistory);
}

export function tokensOfMessages(messages: readonly ModelMessage[]): number {
  return messages.reduce((sum, message) => sum + AROUND_MESSAGE + tokensOfText(textOf(message)), 0);
}

function textOf(message: ModelMessage): string {
  if (message.role !== 'assistant' || !message.toolCalls) return message.content;
  return message.content + JSON.stringify(message.toolCalls);
}
