import type { LiveCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';

const COUNT = 100;
const MOST_MS = 500;

export const hundredProbes: LiveCheck = {
  id: 'hundred-probes',
  kind: 'live',
  category: 'performance',
  weight: 'major',
  title: 'A hundred requests at once are answered soon by the running server',
  items: ['S0-27', 'S3-101'],
  expected: `${COUNT} GET /health/live at once: all 200, p95 below ${MOST_MS} ms`,
  remedy: 'look at the event loop and at what else the machine does',
  validDays: 7,
  run: async ({ ask }) => {
    // The first connections are made beforehand: TLS and name lookups are not what is asked.
    await ask('/health/live');
    const answers = await Promise.all(Array.from({ length: COUNT }, () => ask('/health/live')));
    const times = answers.map(({ duration }) => duration).sort((a, b) => a - b);
    const p95 = times[Math.floor(COUNT * 0.95)] ?? Number.NaN;
    const failed = answers.filter(({ status }) => status !== 200).length;
    const faults: string[] = [];
    if (failed > 0) faults.push(`${failed} of ${COUNT} are not 200`);
    if (!(p95 < MOST_MS)) faults.push(`p95 is ${p95.toFixed(0)} ms`);
    return judge(faults, `p95 ${p95.toFixed(0)} ms`, [
      sample('times, ms', times.map((time) => time.toFixed(1)).join(' ')),
    ]);
  },
};
