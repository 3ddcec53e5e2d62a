export { type Call, type Meter, nobody, type Payer, type Purpose } from './meter.ts';
export { createUsage, type Usage } from './usage.ts';
