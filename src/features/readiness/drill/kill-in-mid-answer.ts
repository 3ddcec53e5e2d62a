import type { ScratchCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { clientWith, logFaults, type StreamEvent, saidIn } from '../scratch/scratch-client.ts';

const WORDS = ['The ', 'answer ', 'is ', 'long ', 'and ', 'not ', 'yet ', 'over.'];
const HALF = WORDS.slice(0, 4).join('');

export const killInMidAnswer: ScratchCheck = {
  id: 'kill-in-mid-answer',
  kind: 'drill',
  category: 'reliability',
  weight: 'blocker',
  title: 'A server that is killed in mid-answer loses nothing: the next one brings the answer to its end',
  items: ['S1-145', 'S1-103'],
  expected: 'the text that was seen stays; every event once and in order; the run ends as completed',
  remedy: 'see the log of the server that took over; WORKER_LEASE_MS says when it does',
  validDays: 30,
  run: async (workshop) => {
    const provider = await workshop.provider();
    provider.answer = (turn) => {
      if (turn.number === 0) {
        for (const word of WORDS.slice(0, 4)) turn.say(word);
        return;
      }
      const rest = turn.partial.includes(HALF.trimEnd()) ? WORDS.slice(4) : WORDS;
      for (const word of rest) turn.say(word);
      turn.end();
    };
    const settings = { ...provider.settings, DATA_DIR: await workshop.folder() };
    const first = await workshop.serve(settings);
    const user = await first.login();
    const runId = await user.begin(await user.newSession(), 'Tell me');
    const seen: StreamEvent[] = [];
    for await (const event of user.follow(runId)) {
      seen.push(event);
      if (saidIn(seen) === HALF) break;
    }
    await first.kill();
    const killed = performance.now();
    const second = await workshop.serve(settings);
    const again = clientWith(second.url, user.token, workshop.signal);
    const rest = await Array.fromAsync(again.follow(runId, seen.at(-1)?.seq ?? 0));
    const seconds = ((performance.now() - killed) / 1_000).toFixed(1);
    const faults = logFaults([...seen, ...rest], WORDS.join(''));
    const whole = await Array.fromAsync(again.follow(runId));
    if (JSON.stringify(whole) !== JSON.stringify([...seen, ...rest]))
      faults.push('who reads it anew reads something else');
    return judge(faults, `0 of ${whole.length} events lost; completed ${seconds} s after kill -9, start included`, [
      sample('events', whole.map((event) => JSON.stringify(event)).join('\n')),
    ]);
  },
};
