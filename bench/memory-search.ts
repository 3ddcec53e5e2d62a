import pg from 'pg';
import { fillMemories, questionOf } from './support/many-memories.ts';
import { prepareMemory } from './support/memory.ts';
import { recorded, replay, type Statement } from './support/recorded.ts';
import type { Row } from './support/report.ts';
import { openBenchDatabase } from './support/server-database.ts';
import { percentile, timed } from './support/times.ts';

const QUERIES = 200;
const never = new AbortController().signal;

/** One recall among so many memories of one person through the service, against the statements that it sends, sent bare:
 * same parameters, same order, one connection of node-postgres. */
export async function measureMemorySearch({ memories = 100_000 } = {}): Promise<Row[]> {
  const { database, url, close } = await openBenchDatabase('server');
  const client = new pg.Client({ connectionString: url ?? '' });
  try {
    const { memory, principal, stop } = await prepareMemory(database, 'memory search');
    const newest = new Date('2026-06-15T12:00:00Z');
    await fillMemories(database, principal.tenant, { userId: principal.userId, count: memories, newest });
    await client.connect();
    const search = (query: string) => memory.recall.search(principal, { query, top_k: 10 }, never);
    const queries = Array.from({ length: QUERIES }, (_, index) => questionOf(index));
    const scripts: Statement[][] = [];
    for (const query of queries) scripts.push(await recorded(() => search(query)));
    const ours: number[] = [];
    const bare: number[] = [];
    // Turn and turn about, so that both meet the same moods of the machine; the first round warms up.
    for (const round of [0, 1, 2]) {
      for (const [index, query] of queries.entries()) {
        const served = await timed(() => search(query));
        const replayed = await timed(() => replay(client, scripts[index] ?? []));
        if (round === 0) continue;
        ours.push(served);
        bare.push(replayed);
      }
    }
    await stop();
    return [rowOf(memories, 'p50', ours, bare, 0.5), { ...rowOf(memories, 'p95', ours, bare, 0.95), goal: '≤ ×1.5' }];
  } finally {
    await client.end();
    await close();
  }
}

function rowOf(memories: number, name: string, ours: readonly number[], bare: readonly number[], share: number): Row {
  const [mine, reference] = [percentile(ours, share), percentile(bare, share)];
  const what = `recall among ${memories.toLocaleString('en')} memories, ${name}, ms`;
  return { what, ours: mine, reference, ratio: mine / reference };
}

if (import.meta.main) {
  const { printRows } = await import('./support/report.ts');
  printRows('Memory search', await measureMemorySearch({ memories: Number(process.argv[2] ?? 100_000) }));
  process.exit(0);
}
