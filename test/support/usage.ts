import { pino } from 'pino';
import { createUsage, type Usage, type UsageDependencies } from '../../src/features/usage/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { createMetrics } from '../../src/platform/telemetry/metrics.ts';

/** A dollar for a million tokens in, two for a million out: a micro-dollar and two for one. */
export const FAKE_PRICE = {
  model: 'fake/scripted',
  input: 1,
  cachedInput: 0.5,
  output: 2,
  contextWindow: 100_000,
  maxOutput: 10_000,
  validFrom: '1970-01-01',
} as const;

/** The usage feature on a test's database, with a price for `scriptedModel` and `hashEmbedder` and no budget. */
export function startUsage(database: Database, options: Partial<UsageDependencies> = {}): Usage {
  return createUsage({
    reads: { read: (work) => work(database) },
    database,
    clock: systemClock,
    log: pino({ enabled: false }),
    metrics: createMetrics(),
    installationLimit: null,
    prices: [FAKE_PRICE, { ...FAKE_PRICE, model: 'fake/hash-64', output: 0, maxOutput: 0 }],
    allowsUnpriced: () => false,
    mostOutputTokens: 1_000,
    outbox: null,
    readTrace: async () => null,
    ...options,
  });
}

export type Booked = {
  kind: string;
  model: string;
  purpose: string;
  /** USD. */
  amount: number;
  priced: boolean;
  tokens: readonly [input: number, cached: number, output: number];
  estimated: boolean;
};

/** A tenant's entries of one kind, oldest first. */
export async function entriesOf(database: Database, tenantId: string, kind = 'settle'): Promise<Booked[]> {
  const rows = await database.db
    .selectFrom('platform.ledger_entry')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('kind', '=', kind as 'settle')
    .orderBy('call_id')
    .execute();
  return rows.map((row) => ({
    kind: row.kind,
    model: row.model,
    purpose: row.purpose,
    amount: row.amount / 1e9,
    priced: row.price !== null,
    tokens: [row.input_tokens, row.cached_input_tokens, row.output_tokens],
    estimated: row.estimated,
  }));
}
