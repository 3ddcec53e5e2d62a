import type { Embedder } from '../../../ai/embedder.ts';
import { createRecent } from '../../../lib/recent.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';
import type { Tenant } from '../../tenancy/index.ts';
import type { Meter } from '../../usage/index.ts';
import type { Recaller } from './recaller.ts';

export type QueryVectors = {
  /** The question as a vector; null where there is no embedder, or where it fails: then words alone are searched. */
  of(
    who: Recaller,
    query: string,
    signal: AbortSignal,
  ): Promise<{ embedder: string; vector: readonly number[] } | null>;
  /** Forgets every question. */
  clear(): void;
};

/** The same question is asked again within minutes: its vector costs a call to the embedder, all else some milliseconds. */
const MOST_KEPT = 1_000;

/** Vectors are of words alone, so that one tenant's question may be answered by what another's was embedded to. */
export function createQueryVectors({
  servingEmbedder,
  meter,
  log,
}: {
  servingEmbedder(tenant: Tenant): Embedder | null;
  meter: Meter;
  log: Logger;
}): QueryVectors {
  const kept = createRecent<readonly number[]>(MOST_KEPT);
  return {
    clear: () => kept.clear(),
    of: async (who, query, signal) => {
      const embedder = servingEmbedder(who.tenant);
      if (!embedder) return null;
      const key = `${embedder.id}\n${query}`;
      const found = kept.get(key);
      if (found) return { embedder: embedder.id, vector: found };
      try {
        const { tenant, userId, apiKeyId } = who;
        const metered = meter.embedder(embedder, { tenant, userId, apiKeyId, purpose: 'query' });
        const [vector] = await metered.embed([query], signal);
        if (!vector) throw new Error(`The embedder ${embedder.id} gave no vector.`);
        kept.set(key, vector);
        return { embedder: embedder.id, vector };
      } catch (error) {
        signal.throwIfAborted();
        log.warn({ err: error, tenant: who.tenant.slug }, 'memory is searched without the embedding model');
        return null;
      }
    },
  };
}
