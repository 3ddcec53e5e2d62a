import type { StaticCheck } from '../check.ts';
import { judge } from '../finding.ts';
import { inProduction } from './needs-settings.ts';

/** What a single tenant of an installation may reasonably cost a day, USD; beyond it somebody should say why. */
const MOST_A_DAY = 1_000;

export const boundedCost: StaticCheck = {
  id: 'bounded-cost',
  kind: 'static',
  category: 'reliability',
  weight: 'major',
  title: 'What models cost is bounded: a budget a day for each tenant, and no model whose price nobody knows',
  items: ['S1-28', 'S2-6', 'S2-99'],
  expected: `0 < TENANT_BUDGET_USD_PER_DAY ≤ ${MOST_A_DAY}; UNPRICED_MODELS=refuse in production`,
  remedy: 'set TENANT_BUDGET_USD_PER_DAY, and prices in PRICES_FILE instead of UNPRICED_MODELS=allow',
  validDays: 30,
  run: inProduction(({ budgetPerDay, unpricedModels }) => {
    const faults: string[] = [];
    if (!(budgetPerDay > 0 && budgetPerDay <= MOST_A_DAY)) faults.push(`TENANT_BUDGET_USD_PER_DAY is ${budgetPerDay}`);
    if (unpricedModels !== 'refuse') faults.push('UNPRICED_MODELS=allow: no budget counts them');
    return judge(faults, `${budgetPerDay} USD a day, unpriced models are refused`);
  }),
};
