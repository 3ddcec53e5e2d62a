import type { ApiError } from '../../../platform/http/errors.ts';
import type { Refusal } from '../ledger/ledger.types.ts';
import { type Nanos, usdOf } from '../prices/price.ts';
import { budgetErrors } from './budget.errors.ts';

const WHOSE = { tenant: 'this tenant', user: 'this user', key: 'this API key' } as const;

/** The error for whoever asked: which budget, how it stands, and when it begins anew. */
export function refusedBy(refusal: Refusal, amount: Nanos, now: Date): ApiError {
  const { scope, period, limit, spent, reserved } = refusal;
  const renewal = renewalOf(refusal);
  const detail = `The budget of ${WHOSE[scope]}, ${usd(limit)} a ${period}, has no room for this: ${usd(spent)} are spent and ${usd(reserved)} reserved, and it may cost ${usd(amount)}. It begins anew at ${renewal.toISOString().replace('.000', '')}.`;
  const seconds = Math.max(1, Math.ceil((renewal.getTime() - now.getTime()) / 1000));
  return budgetErrors.exhausted(detail, {
    headers: { 'retry-after': String(seconds) },
    extensions: { budget: { scope, period, limit_usd: usdOf(limit), renews_at: renewal.toISOString() } },
  });
}

/** The first moment of the next period, UTC. */
export function renewalOf({ period, periodStart }: Pick<Refusal, 'period' | 'periodStart'>): Date {
  const start = new Date(`${periodStart}T00:00:00Z`);
  const [year, month, day] = [start.getUTCFullYear(), start.getUTCMonth(), start.getUTCDate()];
  return new Date(period === 'day' ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1, 1));
}

/** Down to a hundredth of a cent, without zeros that say nothing. */
function usd(nanos: Nanos): string {
  return `${Number(usdOf(nanos).toFixed(4))} USD`;
}
