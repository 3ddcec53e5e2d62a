import { measureReplay } from './replay.ts';
import { startChild } from './support/child.ts';
import type { Parley } from './support/parley.ts';
import type { Row } from './support/report.ts';
import { startServerDatabase } from './support/server-database.ts';
import { percentile } from './support/stream-client.ts';
import {
  checkedTurn,
  compareTurns,
  load,
  type OwnTarget,
  parleyTarget,
  startParleyOn,
  type Target,
  TOKENS,
  ROUNDS as TURN_ROUNDS,
  WARM_SECONDS,
} from './support/turns.ts';

/**
 * Turns of 100 tokens from an upstream without delay: through Parley, every event durable in PostgreSQL before it is sent,
 * and through a bare node:http relay that parses each token and sends it on, keeping nothing. Same run, same upstream.
 */
export async function measureStreaming({ seconds = 4 } = {}): Promise<Row[]> {
  const database = await startServerDatabase();
  const upstream = await startChild(new URL('./model-adapters/upstream.ts', import.meta.url), String(TOKENS));
  const relay = await startChild(new URL('./model-adapters/relay.ts', import.meta.url), String(upstream.port));
  const parley = await startParleyOn(database.url, upstream.port);
  try {
    const bare = { url: () => `http://127.0.0.1:${relay.port}/bare`, headers: {}, body: {} };
    const bareAtPace = { ...bare, url: () => `http://127.0.0.1:${relay.port}/bare-paced` };
    const ours = await parleyTarget(parley, MOST_STREAMS);
    const oursAtPace = atPace(ours);
    return [
      ...(await compareThroughput(parley, bare, ours, seconds)),
      ...(await compareFirstText(bareAtPace, oursAtPace)),
      ...(await comparePace(bareAtPace, ours)),
      ...(await measureReplay(parley, database.url, { ...ours, url: (index) => ours.url(index, 0, MOST_STREAMS) })),
      // Last, since what was said is still being remembered after it.
      await compareWithMemory(bare, { ...ours, body: { input: 'Go' } }, seconds),
    ];
  } finally {
    await parley.stop();
    relay.process.disconnect();
    upstream.process.disconnect();
    await database.stop();
  }
}

/** Streams at once without pace: what one turn waits for, another works meanwhile. */
const CONCURRENT = [32, 64, 128] as const;
/** Streams at once, and what of the relay's rate they keep. */
const MANY_STREAMS = [
  { streams: 200, goal: '≥ 0.9' },
  { streams: 500, goal: '≥ 0.8' },
] as const;
const MOST_STREAMS = 500;

async function compareThroughput(parley: Parley, bare: Target, ours: Target, seconds: number): Promise<Row[]> {
  await load(ours, CONCURRENT[0], WARM_SECONDS);
  const rows: Row[] = [];
  for (const streams of CONCURRENT) {
    const cpuBefore = await parley.cpu();
    const row = await compareTurns(`turns of ${TOKENS} tokens a second, ${streams} at once`, bare, ours, {
      streams,
      seconds,
    });
    rows.push({ ...row, goal: '≥ 0.25' });
    const cpu = ((await parley.cpu()) - cpuBefore) / (row.ours * seconds * TURN_ROUNDS);
    rows.push({ what: 'processor time of a turn in the server, ms', ours: cpu });
  }
  return rows;
}

/** The same with what memory does: it looks for what helps before each answer, and remembers both sides of each turn. */
async function compareWithMemory(bare: Target, ours: Target, seconds: number): Promise<Row> {
  const streams = CONCURRENT[0];
  await load(ours, streams, WARM_SECONDS);
  return compareTurns(`turns with memory, recalling and remembering, ${streams} at once`, bare, ours, {
    streams,
    seconds,
  });
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

const ROUNDS = 5;
/** A stream takes about this long, ms. */
const TURN_MS = TOKENS * 12;

/** Turns of each stream: so many that all of them are under way most of the time. */
const PACE_ROUNDS = 5;

/** Whether many streams at once keep their pace: in conversations that begin here, as the relay's do, and in those that the
 * rows before have made long, where each turn reads and sends up to 100 messages and the relay's still one. */
async function comparePace(bare: Target, long: OwnTarget): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { streams, goal } of MANY_STREAMS) {
    const begun = await inTurns(bare, async () => atPace(await long.anew(streams)), streams);
    rows.push({ ...paceRow(`tokens a second at ${streams} streams of 10 ms a token`, begun), goal });
    rows.push({
      what: `first text of ${streams} clients who come within 1.2 s, p95 ms`,
      ours: percentile(begun.ours.newcomers, 0.95),
      reference: percentile(begun.reference.newcomers, 0.95),
    });
    const longer = await inTurns(bare, async () => atPace(long), streams);
    rows.push(paceRow(`tokens a second at ${streams} streams, in sessions of 100 messages`, longer));
  }
  return rows;
}

type Paced = Awaited<ReturnType<typeof paced>>;

function paceRow(what: string, { ours, reference }: Record<'ours' | 'reference', Paced>): Row {
  const ratio = ours.tokensPerSecond / reference.tokensPerSecond;
  return { what, ours: ours.tokensPerSecond, reference: reference.tokensPerSecond, ratio };
}

/** The two in turns, so that a slow moment of the machine meets both. */
async function inTurns(bare: Target, ours: () => Promise<Target>, streams: number) {
  const [relayed, answered]: [Paced[], Paced[]] = [[], []];
  for (let round = 0; round < TURN_ROUNDS; round += 1) {
    relayed.push(await paced(bare, streams, PACE_ROUNDS));
    answered.push(await paced(await ours(), streams, PACE_ROUNDS));
  }
  return { reference: together(relayed), ours: together(answered) };
}

function together(all: readonly Paced[]): Paced {
  return {
    firstTexts: all.flatMap(({ firstTexts }) => firstTexts),
    newcomers: all.flatMap(({ newcomers }) => newcomers),
    tokensPerSecond: all.reduce((sum, { tokensPerSecond }) => sum + tokensPerSecond / all.length, 0),
  };
}

function atPace(target: OwnTarget): OwnTarget {
  return { ...target, body: { ...target.body, model: 'openai/paced' } };
}

async function paced(target: Target, streams: number, rounds: number) {
  // Connections first: how soon new ones are heard is another question, and has a row of its own.
  const newcomers = await turnsOf(target, streams, 1);
  const { firstTexts, seconds } = await turnsOf(target, streams, rounds);
  return { firstTexts, tokensPerSecond: (streams * rounds * TOKENS) / seconds, newcomers: newcomers.firstTexts };
}

async function turnsOf(target: Target, streams: number, rounds: number) {
  const firstTexts: number[] = [];
  const began = performance.now();
  const client = async (index: number) => {
    // Spread evenly, as people are: all at the same instant would measure the queue.
    await new Promise((resolve) => setTimeout(resolve, (TURN_MS * index) / streams));
    for (let round = 0; round < rounds; round += 1) {
      const turn = await checkedTurn(target, { index, turn: round, streams });
      firstTexts.push(turn.firstText);
    }
  };
  await Promise.all(Array.from({ length: streams }, (_, index) => client(index)));
  return { firstTexts, seconds: (performance.now() - began) / 1000 };
}
