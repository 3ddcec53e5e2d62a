import type { ScratchCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { until } from '../scratch/program.ts';
import type { ScratchClient, StreamEvent } from '../scratch/scratch-client.ts';
import { saying } from '../scratch/stand-in-provider.ts';

const SECRET_WORDS = 'internal words of the provider: org-4711 quota';
const MOST_ASKED = 12;

export const providerDown: ScratchCheck = {
  id: 'provider-down',
  kind: 'drill',
  category: 'reliability',
  weight: 'blocker',
  title:
    'A provider that is down makes answers fail soon and in Parley’s own words, is left alone by the breaker, and comes back',
  items: ['S0-23', 'S0-24', 'S1-51', 'S1-52', 'S1-53', 'S2-97'],
  expected:
    'runs end as failed without the provider’s words; then no more calls go out; health stays up; when it is back, answers are given again',
  remedy: 'report it: this is a fault of the program',
  validDays: 30,
  run: async (workshop) => {
    const { operator, provider, server } = await workshop.common();
    provider.answer = (turn) => turn.fail(500, SECRET_WORDS);
    const faults: string[] = [];
    const ends: StreamEvent[] = [];
    let calls = -1;
    let asked = 0;
    // Until a question leads to no call any more.
    while (calls !== provider.calls && asked < MOST_ASKED) {
      calls = provider.calls;
      ends.push(...(await askOnce(operator)));
      asked += 1;
    }
    if (calls !== provider.calls) faults.push(`after ${MOST_ASKED} failures it is still asked`);
    const told = JSON.stringify(ends);
    if (told.includes('org-4711')) faults.push('users read the words of the provider');
    const wrong = ends.filter(({ type, status }) => type === 'run-end' && status !== 'failed');
    if (wrong.length > 0) faults.push(`a run ended as ${String(wrong[0]?.status)}`);
    const live = await server.ask('/health/live');
    if (live.status !== 200) faults.push(`/health/live answers ${live.status}`);
    provider.answer = saying('Back again.');
    const back = performance.now();
    await until(
      'an answer after the provider came back',
      async () => {
        const events = await askOnce(operator);
        return events.some(({ type, status }) => type === 'run-end' && status === 'completed');
      },
      workshop.within(90),
    );
    const seconds = ((performance.now() - back) / 1_000).toFixed(0);
    return judge(faults, `left alone after ${asked - 1} questions; answered again ${seconds} s after it came back`, [
      sample('ends', told),
    ]);
  },
};

async function askOnce(user: ScratchClient): Promise<StreamEvent[]> {
  const run = await user.begin(await user.newSession(), 'Are you there?');
  return Array.fromAsync(user.follow(run));
}
