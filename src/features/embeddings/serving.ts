import type { Embedder } from '../../ai/embedder.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Logger } from '../../platform/telemetry/log.ts';
import type { EmbeddedAreaName } from './embedded-area.ts';
import * as store from './embeddings.store.ts';

export type Serving = {
  /** The embedder whose vectors a tenant's searches use; null where none is configured. Known without asking: a search
   * takes it once and uses it to its end. */
  of(tenantId: string, area: EmbeddedAreaName): Embedder | null;
  /** Learns what was chosen, and goes on hearing of it. */
  start(): Promise<void>;
  refresh(): Promise<void>;
  stop(): void;
};

/** How soon a process knows of a switch whose notice was lost, ms. Till then it uses the other index, which is whole too. */
const REFRESH_MS = 5_000;

/** `embedders`: the current one first. Without a choice of a tenant's, or when what it chose is not configured, that one. */
export function createServing(deps: { database: Database; log: Logger; embedders: readonly Embedder[] }): Serving {
  const { database, log, embedders } = deps;
  let chosen = new Map<string, string>();
  let timer: NodeJS.Timeout | null = null;

  async function refresh(): Promise<void> {
    const rows = await store.listServing(database.db);
    chosen = new Map(rows.map(({ tenant_id, area, serving }) => [`${tenant_id} ${area}`, serving]));
  }
  const refreshLater = () =>
    void refresh().catch((error: unknown) => log.warn({ err: error }, 'the embedders in use could not be read'));

  return {
    of: (tenantId, area) => {
      const id = chosen.get(`${tenantId} ${area}`);
      return embedders.find((embedder) => embedder.id === id) ?? embedders[0] ?? null;
    },
    refresh,
    start: async () => {
      if (embedders.length < 2) return;
      await refresh();
      await database.listen(store.EMBEDDING_CHANNEL, refreshLater);
      timer = setInterval(refreshLater, REFRESH_MS);
      timer.unref();
    },
    stop: () => {
      if (timer) clearInterval(timer);
    },
  };
}
