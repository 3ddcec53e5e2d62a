import { type Correction, type Fact, statementsOf, valueKey } from '../../../lib/memory/facts.ts';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import type { LearnedFrom } from '../remember/learned-from.ts';
import { endFacts, findByValue, insertFact } from './fact.store.ts';

/** Longer messages are pasted text: what stands in it, nobody says of themselves. */
const LONGEST_MESSAGE = 4_000;
const OPPOSITE: Readonly<Record<string, string>> = { likes: 'dislikes', dislikes: 'likes' };

/** Whether facts may be drawn from it: a person's own words, short enough to be their own. */
export function isToldByUser({ role, noise, content }: Pick<LearnedFrom, 'role' | 'noise' | 'content'>): boolean {
  return role === 'user' && noise === null && content.length <= LONGEST_MESSAGE;
}

/** Whether `learnFacts` would find anything to do. */
export function statesFacts(memory: Pick<LearnedFrom, 'role' | 'noise' | 'content'>): boolean {
  if (!isToldByUser(memory)) return false;
  const { facts, corrections, endings } = statementsOf(memory.content);
  return facts.length + corrections.length + endings.length > 0;
}

/** Draws facts from what users have said, by rules. Most messages state none, and cost nothing here. */
export async function learnFacts(trx: TenantTransaction, memories: readonly LearnedFrom[]): Promise<void> {
  for (const memory of memories) {
    if (!isToldByUser(memory)) continue;
    const { facts, corrections, endings } = statementsOf(memory.content);
    const { spaceId, validFrom: at } = memory;
    for (const ending of endings) await endFacts(trx, spaceId, { ...ending, valueKey: valueKey(ending.value) }, at);
    for (const correction of corrections) await correct(trx, memory, correction);
    for (const fact of facts) await learnFact(trx, memory, fact, 'rule');
  }
}

/** Every current fact that has the wrong value gets the right one. */
async function correct(trx: TenantTransaction, memory: LearnedFrom, { from, to, quote }: Correction): Promise<void> {
  const { spaceId, validFrom } = memory;
  const key = valueKey(from);
  for (const { subject, attribute, is_single: isSingle } of await findByValue(trx, spaceId, key)) {
    if (!isSingle) await endFacts(trx, spaceId, { subject, attribute, valueKey: key }, validFrom);
    await learnFact(trx, memory, { subject, attribute, isSingle, value: to, quote }, 'rule');
  }
}

/** Writes down what a memory says, from the time on at which it was said. */
export async function learnFact(
  trx: TenantTransaction,
  memory: Pick<LearnedFrom, 'spaceId' | 'validFrom' | 'number'>,
  { subject, attribute, value, isSingle, quote }: Fact,
  origin: 'rule' | 'model',
): Promise<void> {
  const { spaceId, validFrom, number } = memory;
  const key = valueKey(value);
  const opposite = OPPOSITE[attribute];
  if (opposite) await endFacts(trx, spaceId, { subject, attribute: opposite, valueKey: key }, validFrom);
  await insertFact(trx, {
    subject,
    attribute,
    value,
    isSingle,
    quote,
    spaceId,
    valueKey: key,
    validFrom,
    origin,
    memoryNumber: number,
  });
}
