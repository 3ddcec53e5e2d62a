/** How well memory recalls the messages that hold the evidence: `node bench/memory-quality.ts <folder of the set>`. */

import { sql } from 'kysely';
import type { Principal } from '../src/features/identity/index.ts';
import { type Ranked, rankMemories } from '../src/features/memory/recall/recall.ts';
import { inTenant } from '../src/features/tenancy/index.ts';
import { RECALL_WEIGHTS } from '../src/lib/memory/scores.ts';
import type { Database } from '../src/platform/database/database.ts';
import { readMemorySet, type SetMessage, type SetQuestion } from './support/longmemeval.ts';
import { prepareMemory } from './support/memory.ts';
import { printRows, type Row } from './support/report.ts';
import { openBenchDatabase } from './support/server-database.ts';

const DEPTHS = [5, 10, 25] as const;
/** Plain BM25 (k1 0.9, b 0.4, English stemming), measured by others. */
const FLOORS = [0.429, 0.527, 0.638] as const;
const GOALS = ['> 0.46', '> 0.56', '> 0.67'] as const;
const BATCH = 100;
const NOW = new Date('2026-06-15T12:00:00Z');

/** The parts of the ranking, each with all before it. The last is what a search returns. */
const STAGES: readonly { name: string; score(one: Ranked): number }[] = [
  { name: 'words alone', score: ({ similarity }) => similarity.words },
  { name: '+ whose words they are', score: ({ similarity: { words, roleFactor } }) => words * roleFactor },
  {
    name: '+ the turns beside them',
    score: ({ similarity: { words, context, roleFactor } }) => (words + context) * roleFactor,
  },
  { name: '+ importance, age, time words', score: ({ score }) => score },
];

/** Through our own store and search: every message of the set in one user's memory, each question asked of all. */
export async function measureMemoryQuality(folder: string): Promise<Row[]> {
  const { database, close } = await openBenchDatabase('server');
  try {
    const { memory, principal, stop } = await prepareMemory(database, 'memory quality');
    const { messages, questions } = readMemorySet(folder);
    for (let at = 0; at < messages.length; at += BATCH) {
      await memory.messages.createMany(principal, messages.slice(at, at + BATCH).map(bodyOf));
    }
    const schema = `"tenant_${principal.tenant.slug}"`;
    await database.execute(`ANALYZE ${schema}.memory; ANALYZE ${schema}.memory_posting`);
    const recalls = await recallsOf(database, principal, questions);
    await stop();
    return DEPTHS.flatMap((depth, at) => STAGES.map(({ name }, stage) => rowOf(depth, at, name, recalls[stage]?.[at])));
  } finally {
    await close();
  }
}

function rowOf(depth: number, at: number, name: string, ours = Number.NaN): Row {
  const reference = FLOORS[at] ?? Number.NaN;
  const isWhole = name === STAGES.at(-1)?.name;
  return {
    what: `longmemeval-oracle, evidence recall@${depth}: ${name}`,
    ours,
    reference,
    ratio: ours / reference,
    ...(isWhole && { goal: GOALS[at] ?? '' }),
  };
}

function bodyOf({ session, message_id, role, timestamp, text }: SetMessage) {
  return {
    conversation_id: session,
    role,
    content: text,
    created_at: `${timestamp}Z`,
    metadata: { id: message_id },
  };
}

async function recallsOf(
  database: Database,
  { tenant, userId }: Principal,
  questions: readonly SetQuestion[],
): Promise<number[][]> {
  const sums = STAGES.map(() => DEPTHS.map(() => 0));
  const ids = await inTenant(database, tenant, async (trx) => {
    const { rows } = await sql<{ number: number; id: string }>`
      SELECT number, metadata ->> 'id' AS id FROM memory`.execute(trx);
    return new Map(rows.map(({ number, id }) => [number, id]));
  });
  const owners = [{ userId, subject: '' }];
  for (const { question: query, evidence } of questions) {
    const search = { query, owners, filter: {}, weights: RECALL_WEIGHTS, now: NOW, vector: null };
    const { ranked } = await inTenant(database, tenant, (trx) => rankMemories(trx, search));
    for (const [stage, { score }] of STAGES.entries()) {
      const order = [...ranked].sort((a, b) => score(b) - score(a) || b.number - a.number);
      const found = order.map(({ number }) => ids.get(number) ?? '');
      for (const [at, depth] of DEPTHS.entries()) {
        const hits = evidence.filter((id) => found.slice(0, depth).includes(id)).length;
        const of = sums[stage] as number[];
        of[at] = (of[at] ?? 0) + hits / evidence.length;
      }
    }
  }
  return sums.map((of) => of.map((sum) => sum / questions.length));
}

if (import.meta.main) {
  const [folder = '/work/shared/data/memory/longmemeval-oracle'] = process.argv.slice(2);
  printRows('Memory quality', await measureMemoryQuality(folder));
  process.exit(0);
}
