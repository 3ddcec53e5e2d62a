import type { ScratchCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { mean, measure, tell } from './measure.ts';

const CLIENTS = 120;
const ACTS = 5;

export const hundredClients: ScratchCheck = {
  id: 'hundred-clients',
  kind: 'load',
  category: 'performance',
  weight: 'major',
  title: 'More than a hundred clients at once create, read and list without an error, within half a second on average',
  items: ['S0-27', 'S0-30', 'S0-38', 'S1-60', 'S1-147', 'S2-65', 'S2-106'],
  expected: `${CLIENTS} clients with ${ACTS} acts each: no failure, mean below 500 ms; /health/live answers meanwhile`,
  remedy: 'give the server more processors, or more servers; npm run bench says what a quiet machine does',
  validDays: 30,
  run: async (workshop) => {
    const { operator, server } = await workshop.common();
    const made = await operator.newSession();
    let slowest = 0;
    const measured = await measure(CLIENTS, ACTS, async (client, number) => {
      if (number === 2 && client % 20 === 0) {
        const { duration, status } = await server.ask('/health/live');
        if (status !== 200) throw new Error(`/health/live answered ${status}`);
        slowest = Math.max(slowest, duration);
      } else if (number % 2 === 0) await operator.newSession();
      else await operator.get(client % 2 === 0 ? `/v1/sessions/${made}` : '/v1/sessions?limit=10');
    });
    const faults: string[] = [];
    if (measured.failures.length > 0) faults.push(`${measured.failures.length} failed, first: ${measured.failures[0]}`);
    if (!(mean(measured.times) < 500)) faults.push(`the mean is ${mean(measured.times).toFixed(0)} ms`);
    return judge(faults, `${tell(measured)}; the slowest probe took ${slowest.toFixed(0)} ms`, [
      sample('times, ms', measured.times.map((time) => time.toFixed(1)).join(' ')),
    ]);
  },
};
