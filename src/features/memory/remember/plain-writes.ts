import type { Clock } from '../../../platform/clock.ts';
import type { Database } from '../../../platform/database/database.ts';
import { ApiError } from '../../../platform/http/errors.ts';
import { stemsOf } from '../../../platform/text/stems.store.ts';
import { gathered, inTenant, queryTenant, type Tenant } from '../../tenancy/index.ts';
import { statesFacts } from '../facts/learn.ts';
import * as store from './memory.store.ts';
import { learnStems, prepareKnown, type Text, unknownWords } from './prepare.ts';
import type { Spaces } from './spaces.ts';
import { saidOf, type Write } from './write.ts';

/**
 * Most messages need no look at the database before they are stored: their space and their words are known here, they belong
 * to no session of ours and state no fact. These are stored in one round trip, transaction and all.
 */
export function createPlainWrites({
  database,
  clock,
  spaces,
  embedderId,
}: {
  database: Database;
  clock: Clock;
  spaces: Pick<Spaces, 'known'>;
  embedderId(tenant: Tenant): string | null;
}) {
  type Unknown = ReturnType<typeof unknownWords>;

  const askStems = gathered<Unknown, void>(async (_tenant, entries) => {
    const asked = [...Map.groupBy(entries.flat(), ({ language }) => language)].map(([language, some]) => ({
      language,
      words: [...new Set(some.flatMap(({ words }) => words))],
    }));
    await Promise.all(
      asked.map(async ({ language, words }) => learnStems(language, await stemsOf(database.db, language, words))),
    );
    return entries.map(() => ({ status: 'fulfilled', value: undefined }) as const);
  }, 1);

  return {
    /** Asks for the stems that are not known here, together with other requests and before it is their turn to be stored. */
    async learnWords(tenant: Tenant, texts: readonly Text[]): Promise<void> {
      const unknown = unknownWords(texts);
      // What is not learned is asked for again in the transaction that stores it.
      if (unknown.length > 0) await askStems(tenant, unknown).catch(() => undefined);
    },

    /** The memory of a write; null where something has to be looked at or to be done besides. */
    memoryOf(write: Write): store.NewMemory | null {
      const { principal, body, text } = write;
      if (body.session_id !== undefined || text.content === '') return null;
      if (body.tenant_id !== undefined && body.tenant_id !== principal.tenant.id) return null;
      const { content, noise } = text;
      const spaceId = spaces.known(principal, body);
      const mayState = body.scope !== 'shared' && statesFacts({ role: body.role, content, noise });
      if (spaceId === undefined || mayState) return null;
      const now = clock.now();
      try {
        return prepareKnown(saidOf(write, spaceId, now), now);
      } catch (error) {
        // It is refused where all are that are refused.
        if (error instanceof ApiError) return null;
        throw error;
      }
    },

    /** Those that are new, by the ids that they were given. */
    async store(tenant: Tenant, memories: readonly store.NewMemory[]): Promise<Map<string, store.StoredMemory>> {
      const insertion = store.insertion(memories, { embedder: embedderId(tenant), now: clock.now() });
      const [rows] = await queryTenant<[store.Inserted]>(database, tenant, insertion);
      if (store.isTimeToCompact(rows)) {
        // They are stored; what is not compacted now is in a moment.
        await inTenant(database, tenant, store.compactChanges).catch(() => undefined);
      }
      return new Map(rows.map((row) => [row.id, row]));
    },
  };
}
