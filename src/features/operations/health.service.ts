import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Check, CheckResult, CheckState } from './health-check.ts';
import { databaseCheck } from './health-checks.ts';

/** What a part of the program adds to the operators' view of its health: facts, cheap to read, without content. */
export type HealthContribution = { name: string; read(): unknown | Promise<unknown> };

export type HealthService = {
  /** The contributions of all parts, by name; one that cannot be read is null. */
  contributions(): Promise<Record<string, unknown>>;
  /** Each dependency, tried now or within the last second. */
  results(): Promise<Record<string, CheckResult>>;
  /** As `results`, without services outside: for everybody. */
  checks(): Promise<Record<string, CheckState>>;
  isDispensable(name: string): boolean;
  database(): Promise<CheckState>;
  version: string;
  clock: Clock;
  redisConfigured: boolean;
};

/** A check that does not answer in this time has failed, ms. */
const CHECK_TIMEOUT_MS = 2_000;
/** Probes come often and from many; the answer is this old at most, ms. */
const FRESH_MS = 1_000;

export function createHealthService(deps: {
  database: Database;
  clock: Clock;
  version: string;
  redisConfigured: boolean;
  checks: readonly Check[];
  contributions?: readonly HealthContribution[];
}): HealthService {
  const all = [databaseCheck(deps.database), ...deps.checks];
  let recent: { at: number; results: Promise<Record<string, CheckResult>> } | null = null;

  function results(): Promise<Record<string, CheckResult>> {
    const now = performance.now();
    if (recent === null || now - recent.at > FRESH_MS) recent = { at: now, results: runAll(all) };
    return recent.results;
  }
  async function checks(): Promise<Record<string, CheckState>> {
    const found = Object.entries(await results()).filter(([, { weight }]) => weight !== 'outside');
    return Object.fromEntries(found.map(([name, { state }]) => [name, state]));
  }
  return {
    contributions: () => readAll(deps.contributions ?? []),
    results,
    checks,
    isDispensable: (name) => all.some((check) => check.name === name && weightOf(check) !== 'needed'),
    database: async () => (await checks()).database ?? 'failed',
    version: deps.version,
    clock: deps.clock,
    redisConfigured: deps.redisConfigured,
  };
}

async function readAll(contributions: readonly HealthContribution[]): Promise<Record<string, unknown>> {
  const read = async ({ name, read: readOne }: HealthContribution) => {
    try {
      return [name, await readOne()] as const;
    } catch {
      return [name, null] as const;
    }
  };
  return Object.fromEntries(await Promise.all(contributions.map(read)));
}

async function runAll(checks: readonly Check[]): Promise<Record<string, CheckResult>> {
  const results = await Promise.all(checks.map(async (check) => [check.name, await runOne(check)] as const));
  return Object.fromEntries(results);
}

async function runOne(check: Check): Promise<CheckResult> {
  const start = performance.now();
  const stop = new AbortController();
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(() => {
    late.resolve(`no answer within ${CHECK_TIMEOUT_MS} ms`);
    stop.abort();
  }, CHECK_TIMEOUT_MS);
  const tried = check.run(stop.signal).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const reason = await Promise.race([tried, late.promise]);
  clearTimeout(timer);
  return {
    state: reason === null ? 'ok' : 'failed',
    weight: weightOf(check),
    duration_ms: Math.round(performance.now() - start),
    reason,
  };
}

function weightOf({ weight = 'needed' }: Check): CheckResult['weight'] {
  return weight;
}
