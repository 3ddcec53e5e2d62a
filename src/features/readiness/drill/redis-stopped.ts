import type { ScratchCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { until } from '../scratch/program.ts';
import { jsonOf } from '../target.ts';

const QUOTA = 60;

export const redisStopped: ScratchCheck = {
  id: 'redis-stopped',
  kind: 'drill',
  category: 'reliability',
  weight: 'blocker',
  title:
    'Redis that dies takes nothing along: requests are served, limits still refuse, health says so, and it is used again when it is back',
  items: ['S1-38', 'S2-122', 'S3-19', 'S1-94', 'S2-4'],
  expected: `no 5xx; the gate closes by request ${QUOTA + 1} at the latest; /health tells redis failed, /ready stays 200; then redis ok`,
  remedy: 'see the log of the server',
  validDays: 30,
  run: async (workshop) => {
    const redis = await workshop.redis();
    const server = await workshop.serve({ REDIS_URL: redis.url, RATE_LIMIT_API_PER_MINUTE: String(QUOTA) });
    const stateOf = async () => String(jsonOf(await server.ask('/health'))?.redis);
    const faults: string[] = [];
    if ((await stateOf()) !== 'ok') faults.push('/health does not see Redis');
    const first = await server.ask('/v1/sessions');
    await redis.kill();
    await until('/health tells that Redis failed', async () => (await stateOf()) === 'failed', workshop.within(20));
    const ready = await server.ask('/ready');
    if (ready.status !== 200) faults.push(`/ready answers ${ready.status}, although requests are served`);
    const statuses = [first.status];
    for (let count = 0; count < QUOTA + 5; count += 1) statuses.push((await server.ask('/v1/sessions')).status);
    const broken = statuses.filter((status) => status >= 500).length;
    if (broken > 0) faults.push(`${broken} requests were answered by 5xx`);
    // Two minutes may have been counted in.
    if (!statuses.includes(429)) faults.push(`${statuses.length} requests, and none refused: the gate is open`);
    await redis.start();
    await until('/health tells that Redis is back', async () => (await stateOf()) === 'ok', workshop.within(60));
    return judge(
      faults,
      `${statuses.length} requests without it: ${statuses.filter((status) => status === 429).length} refused, 0 failed`,
      [sample('statuses', statuses.join(' '))],
    );
  },
};
