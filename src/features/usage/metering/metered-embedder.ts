import { ModelError } from '../../../ai/chat-model.ts';
import type { Embedder } from '../../../ai/embedder.ts';
import type { Cashier, Outcome } from './cashier.ts';
import type { Call } from './meter.ts';
import { estimatedTextTokens, mostTextTokens } from './token-bounds.ts';

/** One upstream request for each call: paid before it begins, settled when it ends, however it ends. */
export function meteredEmbedder(embedder: Embedder, call: Call, cashier: Cashier): Embedder {
  return {
    id: embedder.id,
    async embed(texts, signal, onUsage) {
      if (texts.length === 0) return [];
      const price = await cashier.priceOf(embedder.id, call);
      const estimate = { inputTokens: estimatedTextTokens(texts), outputTokens: 0 };
      const open = await cashier.open(embedder.id, call, price, {
        most: { inputTokens: mostTextTokens(texts), outputTokens: 0 },
        estimatedTokens: estimate.inputTokens,
        ownKey: embedder.paidBy === 'tenant',
      });
      let counted: number | null = null;
      const count = (tokens: number) => {
        counted = (counted ?? 0) + tokens;
        onUsage?.(tokens);
      };
      const usage = () => (counted === null ? null : { inputTokens: counted, outputTokens: 0 });
      try {
        const vectors = await embedder.embed(texts, signal, count);
        open.settle({ kind: 'complete', usage: usage(), estimate });
        return vectors;
      } catch (error) {
        open.settle(usage() ? { kind: 'complete', usage: usage(), estimate } : outcomeOf(error, signal, estimate));
        throw error;
      }
    },
  };
}

function outcomeOf(
  error: unknown,
  signal: AbortSignal,
  estimate: { inputTokens: number; outputTokens: number },
): Outcome {
  const mayHaveWorked =
    signal.aborted || !(error instanceof ModelError) || error.kind === 'timeout' || error.kind === 'protocol';
  return mayHaveWorked ? { kind: 'cut', estimate } : { kind: 'failed' };
}
