import type { Clock } from '../../../platform/clock.ts';
import type { Database } from '../../../platform/database/database.ts';
import type { Principal } from '../../identity/index.ts';
import { inTenant } from '../../tenancy/index.ts';
import type { MemoryView } from '../memory.schema.ts';
import type { RememberService } from '../remember/remember.service.ts';
import type { Spaces } from '../remember/spaces.ts';
import type { FactView, MemoryStats } from './fact.schema.ts';
import type { FactService } from './fact.service.ts';
import { readStats } from './stats.store.ts';

export type MemoryExport = ReturnType<typeof createMemoryExport>;

type Dependencies = { database: Database; clock: Clock; spaces: Spaces; messages: RememberService; facts: FactService };

const PAGE = 100;

/** All that is remembered of one person, for that person. */
export function createMemoryExport({ database, spaces, messages, facts }: Dependencies) {
  async function* allMemories(principal: Principal, subject: string | undefined, signal: AbortSignal) {
    let cursor: string | null = null;
    do {
      signal.throwIfAborted();
      const query = { limit: PAGE, ...(subject !== undefined && { subject }), ...(cursor !== null && { cursor }) };
      const page: { data: MemoryView[]; next_cursor: string | null } = await messages.list(principal, query);
      yield page.data;
      cursor = page.next_cursor;
    } while (cursor !== null);
  }

  async function allFacts(principal: Principal, subject: string | undefined): Promise<FactView[]> {
    const all: FactView[] = [];
    let cursor: string | null = null;
    do {
      const query = {
        limit: PAGE,
        history: true,
        ...(subject !== undefined && { subject }),
        ...(cursor !== null && { cursor }),
      };
      const page: { data: FactView[]; next_cursor: string | null } = await facts.list(principal, query);
      all.push(...page.data);
      cursor = page.next_cursor;
    } while (cursor !== null);
    return all;
  }

  return {
    /** Piece by piece, so that a long memory is never held whole. */
    async *json(principal: Principal, subject: string | undefined, signal: AbortSignal): AsyncGenerator<string> {
      yield `{"facts":${JSON.stringify(await allFacts(principal, subject))},"memories":[`;
      let first = true;
      for await (const page of allMemories(principal, subject, signal)) {
        if (page.length === 0) continue;
        yield `${first ? '' : ','}${page.map((memory) => JSON.stringify(memory)).join(',')}`;
        first = false;
      }
      yield ']}';
    },

    async *csv(principal: Principal, subject: string | undefined, signal: AbortSignal): AsyncGenerator<string> {
      yield 'kind,id,created_at,role,conversation_id,content\r\n';
      for (const fact of await allFacts(principal, subject)) {
        yield csvLine(['fact', fact.id, fact.valid_from, '', '', fact.sentence]);
      }
      for await (const page of allMemories(principal, subject, signal)) {
        yield page
          .map(({ id, created_at, role, conversation_id, content }) =>
            csvLine(['memory', id, created_at, role, conversation_id ?? '', content]),
          )
          .join('');
      }
    },

    /** The junk meter, and where embeddings stand. */
    async stats(principal: Principal, subject: string | undefined): Promise<MemoryStats> {
      const owner = spaces.ownerOf(principal, { subject });
      return inTenant(database, principal.tenant, (trx) => readStats(trx, owner));
    },
  };
}

/** A cell that begins as a formula does would be run by a spreadsheet. */
function csvLine(cells: readonly string[]): string {
  const quoted = cells.map((cell) => `"${(/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell).replaceAll('"', '""')}"`);
  return `${quoted.join(',')}\r\n`;
}
