import { fileURLToPath } from 'node:url';
import { measureReplay } from './replay.ts';
import { startChild } from './support/child.ts';
import { type Parley, post, runCommand, signUp, startParley } from './support/parley.ts';
import type { Row } from './support/report.ts';
import { startServerDatabase } from './support/server-database.ts';
import { percentile, streamTurn, type Turn } from './support/stream-client.ts';

const TOKENS = 100;

export type Target = { url(index: number, turn?: number): string; headers: Record<string, string>; body: unknown };

/**
 * Turns of 100 tokens from an upstream without delay: through Parley, every event durable in PostgreSQL before it is sent,
 * and through a bare node:http relay that parses each token and sends it on, keeping nothing. Same run, same upstream.
 */
export async function measureStreaming({ seconds = 8 } = {}): Promise<Row[]> {
  const database = await startServerDatabase();
  const upstream = await startChild(new URL('./model-adapters/upstream.ts', import.meta.url), String(TOKENS));
  const relay = await startChild(new URL('./model-adapters/relay.ts', import.meta.url), String(upstream.port));
  const parley = await startParleyOn(database.url, upstream.port);
  try {
    const bare = { url: () => `http://127.0.0.1:${relay.port}/bare`, headers: {}, body: {} };
    const bareAtPace = { ...bare, url: () => `http://127.0.0.1:${relay.port}/bare-paced` };
    const ours = await parleyTarget(parley, MOST_STREAMS);
    const oursAtPace = { ...ours, body: { ...ours.body, model: 'openai/paced' } };
    return [
      ...(await compareThroughput(parley, bare, ours, seconds)),
      await compareWithMemory(bare, { ...ours, body: { input: 'Go' } }, seconds),
      ...(await compareFirstText(bareAtPace, oursAtPace)),
      ...(await comparePace(bareAtPace, oursAtPace)),
      ...(await measureReplay(parley, database.url, ours)),
    ];
  } finally {
    await parley.stop();
    relay.process.disconnect();
    upstream.process.disconnect();
    await database.stop();
  }
}

async function startParleyOn(databaseUrl: string, upstreamPort: number): Promise<Parley> {
  const environment = {
    DATABASE_URL: databaseUrl,
    SECRET_KEY: 'a secret for measuring, and nothing else',
    OPENAI_BASE_URL: `http://127.0.0.1:${upstreamPort}/v1`,
    OPENAI_API_KEY: 'none',
    DEFAULT_MODEL: 'openai/bench',
    // With a price, so that the ledger's part is measured, and a budget that no bench uses up.
    PRICES_FILE: fileURLToPath(new URL('./support/prices.json', import.meta.url)),
    TENANT_BUDGET_USD_PER_DAY: '1000000',
  };
  await runCommand(['migrate', 'up'], environment);
  return startParley(environment);
}

async function parleyTarget({ url }: Parley, sessions: number): Promise<Target & { body: object }> {
  const token = await signUp(url);
  const ids: string[] = [];
  for (let index = 0; index < sessions; index += 1) {
    ids.push((await post<{ id: string }>(url, '/v1/sessions', token, {})).id);
  }
  // Few clients go through several sessions each: what one of a hundred turns costs is its history.
  const ownSessions = Math.floor(sessions / CONCURRENT);
  const place = (index: number, turn: number) =>
    index < CONCURRENT ? index + CONCURRENT * (turn % ownSessions) : index;
  return {
    url: (index, turn = 0) => `${url}/v1/sessions/${ids[place(index, turn)]}/runs`,
    headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
    // The relay remembers nothing; what memory adds has a row of its own.
    body: { input: 'Go', memory: { mode: 'off' } },
  };
}

const CONCURRENT = 32;
/** Until the programs are compiled. */
const WARM_SECONDS = 10;
/** Streams at once, and what of the relay's rate they keep. */
const MANY_STREAMS = [
  { streams: 200, goal: '≥ 0.9' },
  { streams: 500, goal: '≥ 0.8' },
] as const;
const MOST_STREAMS = 500;

async function compareThroughput(parley: Parley, bare: Target, ours: Target, seconds: number): Promise<Row[]> {
  await load(ours, CONCURRENT, WARM_SECONDS);
  const relayed = await load(bare, CONCURRENT, seconds);
  const cpuBefore = await parley.cpu();
  const answered = await load(ours, CONCURRENT, seconds);
  const cpuPerTurn = ((await parley.cpu()) - cpuBefore) / answered.turns.length;
  return [
    {
      what: `turns of ${TOKENS} tokens a second, ${CONCURRENT} at once`,
      ours: answered.perSecond,
      reference: relayed.perSecond,
      ratio: answered.perSecond / relayed.perSecond,
      goal: '≥ 0.25',
    },
    { what: 'processor time of a turn, ms', ours: cpuPerTurn },
  ];
}

/** The same with what memory does: it looks for what helps before each answer, and remembers both sides of each turn. */
async function compareWithMemory(bare: Target, ours: Target, seconds: number): Promise<Row> {
  await load(ours, CONCURRENT, WARM_SECONDS);
  const relayed = await load(bare, CONCURRENT, seconds);
  const answered = await load(ours, CONCURRENT, seconds);
  return {
    what: `the same, recalling and remembering`,
    ours: answered.perSecond,
    reference: relayed.perSecond,
    ratio: answered.perSecond / relayed.perSecond,
  };
}

const PACED_STREAMS = 50;

/** First text while 50 streams of 10 ms a token are open all the time, and how well they keep their pace. */
async function compareFirstText(bare: Target, ours: Target): Promise<Row[]> {
  const relayed = await paced(bare, PACED_STREAMS, ROUNDS);
  const answered = await paced(ours, PACED_STREAMS, ROUNDS);
  const added = percentile(answered.firstTexts, 0.5) - percentile(relayed.firstTexts, 0.5);
  return [
    {
      what: `first text at ${PACED_STREAMS} concurrent streams, p50 ms`,
      ours: percentile(answered.firstTexts, 0.5),
      reference: percentile(relayed.firstTexts, 0.5),
      difference: added,
      goal: '< 25 ms more',
    },
    {
      what: `tokens a second at ${PACED_STREAMS} streams of 10 ms a token`,
      ours: answered.tokensPerSecond,
      reference: relayed.tokensPerSecond,
      ratio: answered.tokensPerSecond / relayed.tokensPerSecond,
    },
  ];
}

async function load(target: Target, concurrent: number, seconds: number) {
  const until = performance.now() + seconds * 1000;
  const began = performance.now();
  const turns: Turn[] = [];
  const client = async (index: number) => {
    for (let turn = 0; performance.now() < until; turn += 1) turns.push(await checkedTurn(target, index, turn));
  };
  await Promise.all(Array.from({ length: concurrent }, (_, index) => client(index)));
  return { turns, perSecond: turns.length / ((performance.now() - began) / 1000) };
}

const ROUNDS = 5;
/** A stream takes about this long, ms. */
const TURN_MS = TOKENS * 12;

/** Whether many streams at once keep their pace. */
async function comparePace(bare: Target, ours: Target): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { streams, goal } of MANY_STREAMS) {
    const relayed = await paced(bare, streams, 2);
    const answered = await paced(ours, streams, 2);
    rows.push({
      what: `tokens a second at ${streams} streams of 10 ms a token`,
      ours: answered.tokensPerSecond,
      reference: relayed.tokensPerSecond,
      ratio: answered.tokensPerSecond / relayed.tokensPerSecond,
      goal,
    });
  }
  return rows;
}

async function paced(target: Target, streams: number, rounds: number) {
  const firstTexts: number[] = [];
  const began = performance.now();
  const client = async (index: number) => {
    // Spread evenly, as people are: all at the same instant would measure the queue.
    await new Promise((resolve) => setTimeout(resolve, (TURN_MS * index) / streams));
    for (let round = 0; round < rounds; round += 1) {
      const turn = await checkedTurn(target, index);
      if (round > 0) firstTexts.push(turn.firstText);
    }
  };
  await Promise.all(Array.from({ length: streams }, (_, index) => client(index)));
  const seconds = (performance.now() - began) / 1000;
  return { firstTexts, tokensPerSecond: (streams * rounds * TOKENS) / seconds };
}

async function checkedTurn(target: Target, index: number, place = 0): Promise<Turn> {
  const url = target.url(index, place);
  const turn = await streamTurn(url, target.headers, target.body);
  if (turn.tokens !== TOKENS) throw new Error(`${url}: ${turn.tokens} tokens instead of ${TOKENS}`);
  return turn;
}
