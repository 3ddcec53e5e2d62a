import type { TokenUsage } from '../../../ai/chat-model.ts';
import type { RunUsage } from './event.ts';

export const NO_USAGE: RunUsage = { input_tokens: 0, output_tokens: 0, cost_usd: 0 };

/** Characters of one token, where the provider counts none: about right for English. */
const CHARACTERS_PER_TOKEN = 4;

/** What a step used: as the provider counted, or estimated from the characters that were sent and came back. */
export function stepUsage(
  { model, usage: counted, costUsd }: { model: string; usage: TokenUsage | null; costUsd: number | null },
  characters: { asked: number; said: number },
): RunUsage {
  // What runs inside this program costs nothing.
  const cost_usd = model === 'extractive' ? 0 : costUsd;
  if (counted) {
    const { inputTokens, cachedInputTokens, outputTokens, reasoningTokens } = counted;
    return {
      input_tokens: inputTokens,
      ...(cachedInputTokens && { cached_input_tokens: cachedInputTokens }),
      output_tokens: outputTokens,
      ...(reasoningTokens && { reasoning_tokens: reasoningTokens }),
      cost_usd,
    };
  }
  return {
    input_tokens: Math.ceil(characters.asked / CHARACTERS_PER_TOKEN),
    output_tokens: Math.ceil(characters.said / CHARACTERS_PER_TOKEN),
    cost_usd,
    estimated: true,
  };
}

/** One unknown price makes the sum unknown; one estimate makes it an estimate. */
export function addUsage(before: RunUsage | null, step: RunUsage): RunUsage {
  if (!before) return step;
  const cached = (before.cached_input_tokens ?? 0) + (step.cached_input_tokens ?? 0);
  const reasoning = (before.reasoning_tokens ?? 0) + (step.reasoning_tokens ?? 0);
  const known = before.cost_usd !== null && step.cost_usd !== null;
  return {
    input_tokens: before.input_tokens + step.input_tokens,
    ...(cached > 0 && { cached_input_tokens: cached }),
    output_tokens: before.output_tokens + step.output_tokens,
    ...(reasoning > 0 && { reasoning_tokens: reasoning }),
    cost_usd: known ? (before.cost_usd ?? 0) + (step.cost_usd ?? 0) : null,
    ...((before.estimated || step.estimated) && { estimated: true as const }),
  };
}
