import type { ScratchCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { mean, measure, percentile, tell } from './measure.ts';

const CLIENTS = 8;
const ACTS = 25;

export const sessionLatency: ScratchCheck = {
  id: 'session-latency',
  kind: 'load',
  category: 'performance',
  weight: 'major',
  title: 'Sessions are created and read within 200 ms on average by several users at once',
  items: ['S2-64', 'S2-88', 'S2-100', 'S2-103', 'S1-137'],
  expected: `${CLIENTS} clients: mean below 200 ms, p95 below 500 ms, no failure`,
  remedy:
    'look at parley_database_connections{state="waiting"} and the event loop; see docs/operate/runbook.md, ParleySessionsSlow',
  validDays: 30,
  run: async (workshop) => {
    const { operator } = await workshop.common();
    await operator.newSession();
    const measured = await measure(CLIENTS, ACTS, async (_client, number) => {
      if (number % 2 === 0) await operator.newSession();
      else await operator.get('/v1/sessions?limit=20');
    });
    const faults: string[] = [];
    if (measured.failures.length > 0) faults.push(`${measured.failures.length} failed, first: ${measured.failures[0]}`);
    if (!(mean(measured.times) < 200)) faults.push(`the mean is ${mean(measured.times).toFixed(0)} ms`);
    if (!(percentile(measured.times, 95) < 500)) faults.push(`p95 is ${percentile(measured.times, 95).toFixed(0)} ms`);
    return judge(faults, tell(measured), [
      sample('times, ms', measured.times.map((time) => time.toFixed(1)).join(' ')),
    ]);
  },
};
