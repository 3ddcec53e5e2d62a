export { budgetErrors } from './budget/budget.errors.ts';
export type { Alert } from './ledger/ledger.types.ts';
export type { Call, Meter } from './metering/meter.ts';
export { nobody, type Payer, type Purpose } from './metering/payer.ts';
export type { RunTrace } from './metering/run-trace.ts';
export { nanosOf } from './prices/price.ts';
export { PricesFileError, readPrices } from './prices/read-prices.ts';
export { usageSettings } from './usage.schema.ts';
export { createUsage, type Usage, type UsageDependencies } from './usage.ts';
