import type { TokenUsage } from '../../../ai/chat-model.ts';
import type { Clock } from '../../../platform/clock.ts';
import { ApiError } from '../../../platform/http/errors.ts';
import { newId } from '../../../platform/id.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';
import type { Metrics } from '../../../platform/telemetry/metrics.ts';
import type { Tenant } from '../../tenancy/index.ts';
import { budgetErrors } from '../budget/budget.errors.ts';
import { refusedBy } from '../budget/refused-by.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Reservation } from '../ledger/ledger.types.ts';
import { costOf, highestCost, type ModelPrice, usdOf } from '../prices/price.ts';
import type { PriceTable } from '../prices/price-table.ts';
import type { Call } from './meter.ts';

export type CashierDependencies = {
  ledger: Ledger;
  prices: PriceTable;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  /** Whether a tenant may call models whose price is not known. */
  allowsUnpriced(tenant: Tenant): boolean | Promise<boolean>;
};

export type Bound = { inputTokens: number; outputTokens: number };

/** What is known of a call at its end. `usage` is null where the provider did not say, or was not heard to the end. */
export type Outcome =
  | { kind: 'complete'; usage: TokenUsage | null; estimate: TokenUsage }
  | { kind: 'cut'; estimate: TokenUsage }
  | { kind: 'failed' };

/** One upstream call that is reserved. `settle` ends it, once; what it cost in USD, null without a price. */
export type OpenCall = { settle(outcome: Outcome): number | null };

/** Where every upstream call is paid: it is opened before the call and settled after it. */
export class Cashier {
  readonly #deps: CashierDependencies;
  constructor(deps: CashierDependencies) {
    this.#deps = deps;
  }

  /** The price of a model today. Null: there is none, and this tenant may call it all the same.
   * @throws ApiError ERR_BUDGET_002 */
  async priceOf(model: string, call: Call): Promise<ModelPrice | null> {
    const { prices, clock, allowsUnpriced, metrics } = this.#deps;
    const price = prices.priceOf(model, clock.now().toISOString().slice(0, 10));
    if (price || (await allowsUnpriced(call.tenant))) return price;
    metrics.modelCalls.inc({ provider: providerOf(model), purpose: call.purpose, outcome: 'refused' });
    throw budgetErrors.unpriced(
      `What ${model} costs is not known here, so it is not asked. The operator gives its price in PRICES_FILE, or allows models without one by UNPRICED_MODELS=allow.`,
    );
  }

  /** Reserves the highest price of a call. @throws ApiError ERR_BUDGET_001 when a budget has no room for it */
  async open(
    model: string,
    call: Call,
    price: ModelPrice | null,
    input: { most: Bound; estimatedTokens: number; ownKey: boolean },
  ): Promise<OpenCall> {
    const { ledger, log } = this.#deps;
    const reservation: Reservation = {
      callId: newId(),
      tenantId: call.tenant.id,
      userId: call.userId,
      apiKeyId: call.apiKeyId,
      purpose: call.purpose,
      model,
      runId: call.run?.id ?? null,
      runPosition: call.run?.position() ?? null,
      amount: price === null ? 0 : highestCost(price, input.most),
      ownKey: input.ownKey,
      price,
      inputTokens: input.estimatedTokens,
    };
    const reserving = ledger.reserve(reservation);
    // What costs nothing is refused by no budget, so that nobody needs to wait for the answer.
    if (reservation.amount === 0) reserving.catch((error: unknown) => log.error({ err: error }, NOT_BOOKED));
    else await this.#admitted(reserving, reservation, call);
    return { settle: (outcome) => this.#settle(reservation, call, outcome) };
  }

  async #admitted(reserving: ReturnType<Ledger['reserve']>, { model, amount }: Reservation, call: Call): Promise<void> {
    const refusal = await reserving;
    if (refusal === null) return;
    const { metrics, clock } = this.#deps;
    metrics.budgetRefusals.inc({ scope: refusal.scope, period: refusal.period });
    metrics.modelCalls.inc({ provider: providerOf(model), purpose: call.purpose, outcome: 'refused' });
    throw refusedBy(refusal, amount, clock.now());
  }

  /** Books in the background: nobody waits for it, and what is reserved meanwhile is more than what is spent. */
  #settle(reservation: Reservation, call: Call, outcome: Outcome): number | null {
    const { ledger, log, metrics } = this.#deps;
    const { callId, model, price, amount } = reservation;
    const counted = outcome.kind === 'complete' ? outcome.usage : null;
    const usage = counted ?? (outcome.kind === 'failed' ? NOTHING : outcome.estimate);
    const estimated = counted === null && outcome.kind !== 'failed';
    const real = price === null ? 0 : costOf(price, usage);
    // An estimate is no reason to charge more than could be reserved; what a provider counts is.
    const cost = estimated ? Math.min(real, amount) : real;
    if (cost > amount) log.warn({ model, cost_nanos: cost, reserved_nanos: amount }, 'a call cost more than its bound');
    const { inputTokens, cachedInputTokens = 0, outputTokens } = usage;
    ledger.settle(reservation, { callId, cost, inputTokens, cachedInputTokens, outputTokens, estimated }).then(
      (open) => {
        if (!open) log.warn({ call_id: callId, model }, 'a call had been settled by somebody else');
      },
      (error: unknown) => log.error({ err: error, call_id: callId }, NOT_BOOKED),
    );
    const labels = { provider: providerOf(model), purpose: call.purpose };
    metrics.modelCalls.inc({ ...labels, outcome: outcome.kind });
    if (cost > 0) metrics.spend.inc(labels, usdOf(cost));
    const costUsd = price === null ? null : usdOf(cost);
    call.settled?.(costUsd);
    return costUsd;
  }
}

const NOTHING: TokenUsage = { inputTokens: 0, outputTokens: 0 };
const NOT_BOOKED = 'a booking failed; the call is settled by the sweep';

/** Bounded, since only providers that are configured have models. */
function providerOf(model: string): string {
  return model.split('/', 1)[0] ?? model;
}

/** Whether an error comes from here, and not from upstream. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.definition.code.startsWith('ERR_BUDGET_');
}
