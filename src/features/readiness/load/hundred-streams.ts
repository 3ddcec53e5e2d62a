import { setTimeout as delay } from 'node:timers/promises';
import type { ScratchCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { logFaults, type StreamEvent } from '../scratch/scratch-client.ts';
import { measure, percentile } from './measure.ts';

const STREAMS = 100;
const WORDS = Array.from({ length: 20 }, (_, index) => `word${index} `);
const PACE_MS = 50;
const FIRST_WORD_MS = 5_000;

export const hundredStreams: ScratchCheck = {
  id: 'hundred-streams',
  kind: 'load',
  category: 'performance',
  weight: 'blocker',
  title: 'A hundred answers stream at once, whole and in order',
  items: ['S0-27', 'S1-60', 'S1-137', 'S2-103'],
  expected: `${STREAMS} streams of ${WORDS.length} words: no event lost or out of order; p95 of the first word below ${FIRST_WORD_MS / 1_000} s`,
  remedy: 'look at parley_event_flush_seconds and parley_database_connections',
  validDays: 30,
  run: async (workshop, signal) => {
    const { operator, provider } = await workshop.common();
    provider.answer = async (turn) => {
      for (const word of WORDS) {
        turn.say(word);
        await delay(PACE_MS, undefined, { signal });
      }
      turn.end();
    };
    const firstWords: number[] = [];
    let events = 0;
    const measured = await measure(STREAMS, 1, async () => {
      const begun = performance.now();
      const session = await operator.newSession();
      const run = await operator.begin(session, 'Say twenty words');
      const seen: StreamEvent[] = [];
      let spoke = false;
      for await (const event of operator.follow(run)) {
        if (!spoke && event.type === 'text-delta') {
          spoke = true;
          firstWords.push(performance.now() - begun);
        }
        seen.push(event);
      }
      events += seen.length;
      const faults = logFaults(seen, WORDS.join(''));
      if (faults.length > 0) throw new Error(faults.join('; '));
    });
    firstWords.sort((a, b) => a - b);
    const p95 = percentile(firstWords, 95);
    const faults =
      measured.failures.length > 0
        ? [`${measured.failures.length} of ${STREAMS} failed, first: ${measured.failures[0]}`]
        : [];
    if (!(p95 < FIRST_WORD_MS)) faults.push(`p95 of the first word is ${p95.toFixed(0)} ms`);
    return judge(
      faults,
      `${STREAMS} streams whole in ${measured.seconds.toFixed(1)} s, ${events} events; first word p50 ${percentile(firstWords, 50).toFixed(0)} ms, p95 ${p95.toFixed(0)} ms`,
      [sample('first words, ms', firstWords.map((time) => time.toFixed(0)).join(' '))],
    );
  },
};
