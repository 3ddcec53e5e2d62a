import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';

export type CheckState = 'ok' | 'failed';
export type Check = {
  name: string;
  /** Requests are served without it: it makes the health of the server bad, but not its readiness. */
  dispensable?: boolean;
  run(signal: AbortSignal): Promise<void>;
};

/** What a part of the program adds to the operators' view of its health: facts, cheap to read, without content. */
export type HealthContribution = { name: string; read(): unknown | Promise<unknown> };

export type HealthService = {
  /** The contributions of all parts, by name; one that cannot be read is null. */
  contributions(): Promise<Record<string, unknown>>;
  /** Each dependency, tried now or within the last second. */
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
  let recent: { at: number; states: Promise<Record<string, CheckState>> } | null = null;

  function checks(): Promise<Record<string, CheckState>> {
    const now = performance.now();
    if (recent === null || now - recent.at > FRESH_MS) recent = { at: now, states: runAll(all) };
    return recent.states;
  }
  return {
    contributions: () => readAll(deps.contributions ?? []),
    checks,
    isDispensable: (name) => all.some((check) => check.name === name && check.dispensable === true),
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

async function runAll(checks: readonly Check[]): Promise<Record<string, CheckState>> {
  const states = await Promise.all(checks.map(async (check) => [check.name, await runOne(check)] as const));
  return Object.fromEntries(states);
}

async function runOne(check: Check): Promise<CheckState> {
  const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
  const timedOut = new Promise<CheckState>((resolve) => signal.addEventListener('abort', () => resolve('failed')));
  const tried = check.run(signal).then(
    (): CheckState => 'ok',
    (): CheckState => 'failed',
  );
  return Promise.race([tried, timedOut]);
}

function databaseCheck(database: Database): Check {
  return {
    name: 'database',
    run: async () => {
      await database.execute('SELECT 1');
    },
  };
}
