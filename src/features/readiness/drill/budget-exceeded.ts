import type { ScratchCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { newTenant, type ScratchClient } from '../scratch/scratch-client.ts';

const LIMIT_USD = 0.25;
const AT_ONCE = 12;
/** At 100 USD a million, half of what a call may cost at most. */
const OUTPUT_TOKENS = 500;

export const budgetExceeded: ScratchCheck = {
  id: 'budget-exceeded',
  kind: 'drill',
  category: 'reliability',
  weight: 'blocker',
  title: 'A budget holds however many ask at once: what has no room is refused, and says why',
  items: ['S1-28', 'S1-146', 'S2-6', 'S2-85', 'S2-99'],
  expected: `of ${AT_ONCE * 2} answers some are given and some refused for the budget; spent and reserved never exceed ${LIMIT_USD} USD`,
  remedy: 'report it: this is a fault of the program',
  validDays: 30,
  run: async (workshop, signal) => {
    const { server, provider } = await workshop.common();
    const before = provider.calls;
    provider.answer = (turn) => {
      turn.say('Costly.');
      turn.end(OUTPUT_TOKENS);
    };
    const tenant = await newTenant(server.url, 'spender', signal);
    await tenant.post('/v1/budgets', { scope: 'tenant', period: 'day', limit_usd: LIMIT_USD, hard: true });
    const outcomes: string[] = [];
    let most = 0;
    for (let round = 0; round < 2; round += 1) {
      outcomes.push(...(await Promise.all(Array.from({ length: AT_ONCE }, () => outcomeOfAsking(tenant)))));
      most = Math.max(most, await usedBy(tenant));
    }
    const count = (outcome: string) => outcomes.filter((one) => one === outcome).length;
    const faults: string[] = [];
    if (count('completed') === 0) faults.push('no answer was given');
    if (count('refused') === 0) faults.push('no question was refused');
    if (count('completed') + count('refused') !== outcomes.length)
      faults.push(`other outcomes: ${outcomes.join(', ')}`);
    if (most > LIMIT_USD) faults.push(`${most} USD are spent and reserved`);
    const paid = (provider.calls - before) * OUTPUT_TOKENS * 0.0001;
    if (paid > LIMIT_USD) faults.push(`the provider was asked for ${paid.toFixed(2)} USD`);
    return judge(
      faults,
      `${count('completed')} answered, ${count('refused')} refused, ${most} of ${LIMIT_USD} USD used`,
      [sample('outcomes', outcomes.join('\n'))],
    );
  },
};

async function outcomeOfAsking(tenant: ScratchClient): Promise<string> {
  const session = await tenant.newSession();
  const body = { input: 'What does it cost?', retrieval: { mode: 'off' }, memory: { mode: 'off' } };
  const begun = await tenant.ask(`/v1/sessions/${session}/runs`, { method: 'POST', body });
  if (begun.status === 402) return 'refused';
  if (begun.status > 299) return `answered ${begun.status}`;
  const { id } = JSON.parse(begun.text) as { id: string };
  const events = await Array.fromAsync(tenant.follow(id));
  const end = events.findLast(({ type }) => type === 'run-end');
  if (end?.status === 'completed') return 'completed';
  return /budget/i.test(JSON.stringify(end)) ? 'refused' : `ended as ${JSON.stringify(end)}`;
}

async function usedBy(tenant: ScratchClient): Promise<number> {
  const { data } = await tenant.get<{
    data: { limit_usd: number; spent_usd: number | null; reserved_usd: number | null }[];
  }>('/v1/budgets');
  const own = data.find(({ limit_usd }) => limit_usd === LIMIT_USD);
  return (own?.spent_usd ?? Number.NaN) + (own?.reserved_usd ?? 0);
}
