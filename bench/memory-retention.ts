import type { Principal } from '../src/features/identity/index.ts';
import type { Memory } from '../src/features/memory/index.ts';
import { principalIn } from '../test/support/tenants.ts';
import { fillMemories, questionOf } from './support/many-memories.ts';
import { prepareMemory } from './support/memory.ts';
import type { Row } from './support/report.ts';
import { openBenchDatabase } from './support/server-database.ts';
import { percentile, timed } from './support/times.ts';

const NEWEST = new Date('2026-06-15T12:00:00Z');
const WARM_MS = 10_000;
/** About as long as the deletion takes: the longest of many is longer than that of few. */
const QUIET_MS = 40_000;
const never = new AbortController().signal;

/** Retention deletes a tenth of so many messages, while other sessions of the tenant write, list and search. Reference: the
 * same queries without it. */
export async function measureMemoryRetention({ memories = 1_000_000 } = {}): Promise<Row[]> {
  const { database, checkpoint, close } = await openBenchDatabase('server');
  try {
    const { memory, principal, stop } = await prepareMemory(database, 'memory retention', { work: true });
    const { tenant, userId } = principal;
    await fillMemories(database, tenant, { userId, count: memories, newest: NEWEST });
    const other = principalIn(tenant, { role: 'member' });
    await fillMemories(database, tenant, { userId: other.userId, count: 2_000, newest: NEWEST });
    await checkpoint();
    // Until the program is compiled.
    await queriesWhile(memory, other, () => pause(WARM_MS));
    const quiet = await queriesWhile(memory, other, () => pause(QUIET_MS));
    let deleted = 0;
    const busy = await queriesWhile(memory, other, async () => {
      deleted = await deleteTenth(memory, { ...principal, role: 'admin' }, memories);
    });
    if (deleted === 0) throw new Error('Nothing was deleted: that is fewer than a day has.');
    await stop();
    const rate = deleted / (busy.seconds || 1);
    const at = (name: string, share: number, goal?: string): Row => ({
      what: `other queries while ${deleted.toLocaleString('en')} of ${memories.toLocaleString('en')} are deleted, ${name}, ms`,
      ours: percentile(busy.times, share),
      reference: percentile(quiet.times, share),
      ratio: percentile(busy.times, share) / percentile(quiet.times, share),
      ...(goal !== undefined && { goal }),
    });
    return [
      at('p50', 0.5),
      at('p99', 0.99),
      at('longest', 1, '≤ 100'),
      { what: 'messages deleted a second', ours: rate },
    ];
  } finally {
    await close();
  }
}

/** Those of the oldest tenth: one a minute was said. */
async function deleteTenth(memory: Memory, admin: Principal, memories: number): Promise<number> {
  const days = Math.ceil((memories * 0.9) / 1_440);
  const { retention } = memory;
  await retention.changePolicy(admin, { max_age_days: null, importance_threshold: null, delete_after_days: null });
  await retention.createRule(admin, { name: 'old', rule_type: 'age', action: 'delete', conditions: { days } });
  let run = await retention.run(admin, {}, never);
  while (run.status === 'running') {
    await pause(500);
    run = await retention.get(admin, run.id);
  }
  if (run.status !== 'completed') throw new Error(`Retention ended as ${run.status}: ${run.error?.detail}`);
  return run.done.deleted;
}

async function queriesWhile(memory: Memory, who: Principal, work: () => Promise<void>) {
  const times: number[] = [];
  const began = performance.now();
  let over = false;
  const done = work().finally(() => {
    over = true;
  });
  for (let turn = 0; !over; turn += 1) {
    const content = `${questionOf(turn)} said in turn ${turn}`;
    times.push(await timed(() => memory.messages.create(who, { role: 'user', content })));
    times.push(await timed(() => memory.messages.list(who, { limit: 20 })));
    times.push(await timed(() => memory.recall.search(who, { query: questionOf(turn) }, never)));
    await pause(20);
  }
  await done;
  return { times, seconds: (performance.now() - began) / 1000 };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (import.meta.main) {
  const { printRows } = await import('./support/report.ts');
  printRows('Memory retention', await measureMemoryRetention({ memories: Number(process.argv[2] ?? 1_000_000) }));
  process.exit(0);
}
