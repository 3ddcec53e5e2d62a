/** How well memory recalls the messages that hold the evidence: `node bench/memory-quality.ts <folder of the set>`. */

import type { Principal } from '../src/features/identity/index.ts';
import type { Memory } from '../src/features/memory/index.ts';
import { readMemorySet, type SetQuestion } from './support/longmemeval.ts';
import { prepareMemory } from './support/memory.ts';
import type { Row } from './support/report.ts';
import { openBenchDatabase } from './support/server-database.ts';

const DEPTHS = [5, 10, 25] as const;
/** Plain BM25 (k1 0.9, b 0.4, English stemming), measured by others. */
const FLOORS = [0.429, 0.527, 0.638] as const;
const GOALS = ['> 0.46', '> 0.56', '> 0.67'] as const;
const BATCH = 100;
const never = new AbortController().signal;

/** Through our own store and search: every message of the set in one user's memory, each question asked of all. */
export async function measureMemoryQuality(folder: string): Promise<Row[]> {
  const { database, close } = await openBenchDatabase('server');
  try {
    const { memory, principal, stop } = await prepareMemory(database, 'memory quality');
    const { messages, questions } = readMemorySet(folder);
    for (let at = 0; at < messages.length; at += BATCH) {
      await memory.messages.createMany(
        principal,
        messages.slice(at, at + BATCH).map(({ session, message_id, role, timestamp, text }) => ({
          conversation_id: session,
          role,
          content: text,
          created_at: `${timestamp}Z`,
          metadata: { id: message_id },
        })),
      );
    }
    const schema = `"tenant_${principal.tenant.slug}"`;
    await database.execute(`ANALYZE ${schema}.memory; ANALYZE ${schema}.memory_posting`);
    const recalls = await recallOf(memory, principal, questions);
    await stop();
    return DEPTHS.map((depth, index) => ({
      what: `longmemeval-oracle, evidence recall@${depth}`,
      ours: recalls[index] ?? Number.NaN,
      reference: FLOORS[index] ?? Number.NaN,
      ratio: (recalls[index] ?? Number.NaN) / (FLOORS[index] ?? Number.NaN),
      goal: GOALS[index] ?? '',
    }));
  } finally {
    await close();
  }
}

async function recallOf(memory: Memory, principal: Principal, questions: readonly SetQuestion[]): Promise<number[]> {
  const sums = DEPTHS.map(() => 0);
  for (const { question, evidence } of questions) {
    const { items } = await memory.recall.search(principal, { query: question, top_k: 25 }, never);
    const found = items.map(({ metadata }) => String(metadata.id));
    for (const [index, depth] of DEPTHS.entries()) {
      const hits = evidence.filter((id) => found.slice(0, depth).includes(id)).length;
      sums[index] = (sums[index] ?? 0) + hits / evidence.length;
    }
  }
  return sums.map((sum) => sum / questions.length);
}

if (import.meta.main) {
  const [folder = '/work/shared/data/memory/longmemeval-oracle'] = process.argv.slice(2);
  const began = performance.now();
  console.log(await measureMemoryQuality(folder), `${Math.round((performance.now() - began) / 1000)} s`);
  process.exit(0);
}
