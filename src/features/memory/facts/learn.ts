import { type Correction, type Fact, statementsOf, valueKey } from '../../../lib/memory/facts.ts';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import type { LearnedFrom } from '../remember/remember.service.ts';
import { endFacts, findByValue, insertFact } from './fact.store.ts';

/** Longer messages are pasted text: what stands in it, nobody says of themselves. */
const LONGEST_MESSAGE = 4_000;
const OPPOSITE: Readonly<Record<string, string>> = { likes: 'dislikes', dislikes: 'likes' };

/** Draws facts from what users have said, by rules. Most messages state none, and cost nothing here. */
export async function learnFacts(trx: TenantTransaction, memories: readonly LearnedFrom[]): Promise<void> {
  for (const memory of memories) {
    if (memory.role !== 'user' || memory.noise !== null || memory.content.length > LONGEST_MESSAGE) continue;
    const { facts, corrections, endings } = statementsOf(memory.content);
    const { spaceId, validFrom: at } = memory;
    for (const ending of endings) await endFacts(trx, spaceId, { ...ending, valueKey: valueKey(ending.value) }, at);
    for (const correction of corrections) await correct(trx, memory, correction);
    for (const fact of facts) await learn(trx, memory, fact);
  }
}

/** Every current fact that has the wrong value gets the right one. */
async function correct(trx: TenantTransaction, memory: LearnedFrom, { from, to, quote }: Correction): Promise<void> {
  const { spaceId, validFrom } = memory;
  const key = valueKey(from);
  for (const { subject, attribute, is_single: isSingle } of await findByValue(trx, spaceId, key)) {
    if (!isSingle) await endFacts(trx, spaceId, { subject, attribute, valueKey: key }, validFrom);
    await learn(trx, memory, { subject, attribute, isSingle, value: to, quote });
  }
}

async function learn(trx: TenantTransaction, memory: LearnedFrom, fact: Fact): Promise<void> {
  const { spaceId, validFrom, number } = memory;
  const key = valueKey(fact.value);
  const opposite = OPPOSITE[fact.attribute];
  if (opposite) await endFacts(trx, spaceId, { subject: fact.subject, attribute: opposite, valueKey: key }, validFrom);
  await insertFact(trx, { ...fact, spaceId, valueKey: key, validFrom, origin: 'rule', memoryNumber: number });
}
