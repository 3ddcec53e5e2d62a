import type { BudgetPeriod, BudgetScope } from '../../../platform/database/schema/ledger-tables.ts';
import type { Payer, Purpose } from '../metering/payer.ts';
import type { ModelPrice, Nanos } from '../prices/price.ts';

/** A call that is about to be made, with the most that it can cost. */
export type Reservation = Payer & {
  callId: string;
  tenantId: string;
  purpose: Purpose;
  model: string;
  runId: string | null;
  /** Place of the run's last event before the call. */
  runPosition: number | null;
  amount: Nanos;
  /** Whether it is made with a key of the tenant's own: then the tenant pays its provider, and no budget that it was given
   * counts it. */
  ownKey: boolean;
  /** Null: there is no price, and the call was allowed all the same. */
  price: ModelPrice | null;
  /** What its input is, by estimate: charged if nobody is left who could tell better. */
  inputTokens: number;
};

/** What a call cost in the end. */
export type Settlement = {
  callId: string;
  cost: Nanos;
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  /** The provider did not count, or was not heard to the end. */
  estimated: boolean;
};

/** The budget that has no room for a call. */
export type Refusal = {
  scope: BudgetScope;
  subjectId: string;
  period: BudgetPeriod;
  periodStart: string;
  limit: Nanos;
  spent: Nanos;
  reserved: Nanos;
};

/** A share of a budget that is used up for the first time in its period. */
export type Alert = {
  tenantId: string;
  scope: BudgetScope;
  subjectId: string;
  period: BudgetPeriod;
  periodStart: string;
  limit: Nanos;
  hard: boolean;
  percent: number;
};

export type AccountKey = { tenantId: string; scope: BudgetScope; subjectId: string };

/** The accounts that a call is booked on. */
export function accountsOf({ tenantId, userId, apiKeyId }: Payer & { tenantId: string }): AccountKey[] {
  return [
    { tenantId, scope: 'tenant', subjectId: tenantId },
    ...(userId === null ? [] : [{ tenantId, scope: 'user' as const, subjectId: userId }]),
    ...(apiKeyId === null ? [] : [{ tenantId, scope: 'key' as const, subjectId: apiKeyId }]),
  ];
}
