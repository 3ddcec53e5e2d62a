import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandResult, runProgram } from './program.ts';
import type { ScratchClient } from './scratch-client.ts';
import { openScratchPostgres, type ScratchPostgres } from './scratch-postgres.ts';
import { openScratchRedis, type ScratchRedis } from './scratch-redis.ts';
import { type ScratchServer, startScratchServer } from './scratch-server.ts';
import { openStandInProvider, type StandInProvider } from './stand-in-provider.ts';
import type { ScratchSettings, WorkshopTools } from './tools.ts';

/**
 * Where a drill makes what it breaks: servers, databases, Redis, a stand-in for a provider, each of its own and gone at the end,
 * whatever happens. Nothing of the real installation is touched.
 */
export type Workshop = AsyncDisposable & {
  readonly signal: AbortSignal;
  readonly tools: WorkshopTools;
  /** A new folder, with 0700. */
  folder(): Promise<string>;
  /** Starts `parley serve`. DATA_DIR is a new folder unless it is given; limits are raised unless they are given. */
  serve(settings?: ScratchSettings): Promise<ScratchServer>;
  /** Runs `parley …` to its end. */
  run(args: readonly string[], settings: ScratchSettings, input?: string): Promise<CommandResult>;
  /** A PostgreSQL cluster. @throws MissingPieceError where this machine has no PostgreSQL with pgvector */
  postgres(settings?: ScratchSettings): Promise<ScratchPostgres>;
  /** @throws MissingPieceError where this machine has no redis-server */
  redis(): Promise<ScratchRedis>;
  provider(): Promise<StandInProvider>;
  /** A server that all checks of a run share which do it no harm; the first that asks starts it. */
  common(): Promise<Common>;
  /** For `until`: how long something may take, seconds. */
  within(seconds: number): { signal: AbortSignal; within: number };
  /** Something else to be put away at the end. */
  defer(putAway: () => Promise<void>): void;
};

export type Common = { server: ScratchServer; provider: StandInProvider; operator: ScratchClient };

/** What outlives a check, until the end of the run. */
export type Commons = AsyncDisposable & { get(): Promise<Common> };

/** A million output tokens cost 100 USD, so that a budget of cents is soon spent. */
const PRICES = [{ model: 'openai/stand-in', input: 1, output: 100, context_window: 20_000, max_output: 1_000 }];

export function openCommons(tools: WorkshopTools, signal: AbortSignal): Commons {
  const workshop = openWorkshop(tools, signal);
  let common: Promise<Common> | null = null;
  const start = async (): Promise<Common> => {
    const provider = await workshop.provider();
    const prices = join(await workshop.folder(), 'prices.json');
    await writeFile(prices, JSON.stringify(PRICES));
    const more = {
      PRICES_FILE: prices,
      UNPRICED_MODELS: 'refuse',
      LOG_LEVEL: 'info',
      TENANT_BUDGET_USD_PER_DAY: '1000',
    };
    const server = await workshop.serve({ ...provider.settings, ...more });
    return { server, provider, operator: await server.login() };
  };
  return {
    get: () => {
      common ??= start();
      return common;
    },
    [Symbol.asyncDispose]: () => workshop[Symbol.asyncDispose](),
  };
}

export function openWorkshop(tools: WorkshopTools, signal: AbortSignal, commons: Commons | null = null): Workshop {
  // What is measured is started as it is for users.
  const started = commons === null ? tools : { ...tools, program: tools.brief };
  const stack = new AsyncDisposableStack();
  const folder = async () => {
    const made = await mkdtemp(join(tmpdir(), 'parley-readiness-'));
    stack.defer(() => rm(made, { recursive: true, force: true }));
    return made;
  };
  const settingsOf = (given: ScratchSettings) => ({ ...RAISED_LIMITS, ...SCRATCH, ...given });
  return {
    signal,
    tools,
    folder,
    serve: async (given = {}) => {
      const settings = { ...settingsOf(given), DATA_DIR: given.DATA_DIR ?? (await folder()) };
      return stack.use(await startScratchServer(started, settings, signal));
    },
    run: (args, settings, input) => runProgram(started, args, settingsOf(settings), signal, input),
    postgres: async (settings = {}) => stack.use(await openScratchPostgres(tools, settings, signal)),
    redis: async () => stack.use(await openScratchRedis(tools, await folder(), signal)),
    provider: async () => stack.use(await openStandInProvider()),
    common: () => {
      if (commons === null) throw new Error('There is no common server here.');
      return commons.get();
    },
    within: (seconds) => ({ signal, within: seconds * 1_000 * (tools.patience ?? 1) }),
    defer: (putAway) => stack.defer(putAway),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const MANY = '1000000';
/** Drills are about something else than the limits, except those that say so. */
const RAISED_LIMITS: ScratchSettings = {
  RATE_LIMIT_API_PER_MINUTE: MANY,
  RATE_LIMIT_TENANT_PER_MINUTE: MANY,
  RATE_LIMIT_RUN_PER_MINUTE: MANY,
  RATE_LIMIT_LOGIN_PER_MINUTE: MANY,
  RATE_LIMIT_REGISTER_PER_MINUTE: MANY,
  RATE_LIMIT_MESSAGES_PER_MINUTE: MANY,
  RATE_LIMIT_CHATKIT_PER_MINUTE: MANY,
};

const SCRATCH: ScratchSettings = {
  ENVIRONMENT: 'test',
  PORT: '0',
  LOG_LEVEL: 'warn',
  LOG_FORMAT: 'json',
  UNPRICED_MODELS: 'allow',
  CHAT_TITLES: 'question',
  // So that a takeover is a matter of seconds, and is not taken from a busy machine's living.
  WORKER_LEASE_MS: '5000',
};
