import { fileURLToPath } from 'node:url';
import { type Parley, post, runCommand, signUp, startParley } from './parley.ts';
import type { Row } from './report.ts';
import { streamTurn, type Turn } from './stream-client.ts';

/** Of an answer. */
export const TOKENS = 100;
/** In turns with the reference, so that a slow moment of the machine meets both. */
export const ROUNDS = 3;
/** Until the programs are compiled. */
export const WARM_SECONDS = 10;

/** `url`: where stream `index` of `streams` at once has its turn, counted from 0. */
export type Target = {
  url(index: number, turn: number, streams: number): string;
  headers: Record<string, string>;
  body: unknown;
};

/** A server on an empty database that asks the upstream of `bench/model-adapters`. */
export async function startParleyOn(
  databaseUrl: string,
  upstreamPort: number,
  settings: Record<string, string> = {},
): Promise<Parley> {
  const environment = {
    DATABASE_URL: databaseUrl,
    SECRET_KEY: 'a secret for measuring, and nothing else',
    OPENAI_BASE_URL: `http://127.0.0.1:${upstreamPort}/v1`,
    OPENAI_API_KEY: 'none',
    DEFAULT_MODEL: 'openai/bench',
    // With a price, so that the ledger's part is measured, and a budget that no bench uses up.
    PRICES_FILE: fileURLToPath(new URL('./prices.json', import.meta.url)),
    TENANT_BUDGET_USD_PER_DAY: '1000000',
    ...settings,
  };
  await runCommand(['migrate', 'up'], environment);
  return startParley(environment);
}

/** Turns in so many new sessions. */
export async function parleyTarget({ url }: Parley, sessions: number): Promise<OwnTarget> {
  return targetOf(url, await signUp(url), sessions);
}

export type OwnTarget = Target & {
  body: object;
  /** The same user, in other new sessions. */
  anew(sessions: number): Promise<OwnTarget>;
};

async function targetOf(url: string, token: string, sessions: number): Promise<OwnTarget> {
  const ids: string[] = [];
  for (let index = 0; index < sessions; index += 1) {
    ids.push((await post<{ id: string }>(url, '/v1/sessions', token, {})).id);
  }
  // Few clients go through several sessions each: what one of a hundred turns costs is its history.
  const place = (index: number, turn: number, streams: number) =>
    index + streams * (turn % Math.floor(sessions / streams));
  return {
    url: (...at) => `${url}/v1/sessions/${ids[place(...at)]}/runs`,
    headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
    // The relay remembers nothing; what memory adds has a row of its own.
    body: { input: 'Go', memory: { mode: 'off' } },
    anew: (more) => targetOf(url, token, more),
  };
}

/** Turns a second, ours beside a reference. */
export async function compareTurns(
  what: string,
  reference: Target,
  ours: Target,
  { streams, seconds }: { streams: number; seconds: number },
): Promise<Row> {
  let [relayed, answered] = [0, 0];
  for (let round = 0; round < ROUNDS; round += 1) {
    relayed += (await load(reference, streams, seconds)).perSecond / ROUNDS;
    answered += (await load(ours, streams, seconds)).perSecond / ROUNDS;
  }
  return { what, ours: answered, reference: relayed, ratio: answered / relayed };
}

/** One turn after another on each of so many streams. */
export async function load(target: Target, concurrent: number, seconds: number) {
  const until = performance.now() + seconds * 1000;
  const began = performance.now();
  const turns: Turn[] = [];
  const client = async (index: number) => {
    for (let turn = 0; performance.now() < until; turn += 1)
      turns.push(await checkedTurn(target, { index, turn, streams: concurrent }));
  };
  await Promise.all(Array.from({ length: concurrent }, (_, index) => client(index)));
  return { turns, perSecond: turns.length / ((performance.now() - began) / 1000) };
}

/** A turn whose answer came whole. */
export async function checkedTurn(
  target: Target,
  { index, turn, streams }: { index: number; turn: number; streams: number },
): Promise<Turn> {
  const url = target.url(index, turn, streams);
  const said = await streamTurn(url, target.headers, target.body);
  if (said.tokens !== TOKENS) throw new Error(`${url}: ${said.tokens} tokens instead of ${TOKENS}`);
  return said;
}
