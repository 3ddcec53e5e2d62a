import type { LiveCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { jsonOf } from '../target.ts';

export const health: LiveCheck = {
  id: 'health',
  kind: 'live',
  category: 'observability',
  weight: 'blocker',
  title: 'Health, liveness and readiness answer, and say that all is well',
  items: [
    'S1-37',
    'S1-38',
    'S1-40',
    'S1-112',
    'S1-134',
    'S2-59',
    'S2-82',
    'S2-94',
    'S3-63',
    'S3-64',
    'S3-65',
    'S3-101',
    'S3-114',
    'S3-131',
  ],
  expected:
    '/health 200 with status healthy, database ok and an ISO time; /health/live 200; /ready 200 with every check ok',
  remedy: 'the answer names what is ill; /v1/admin/health tells operators why',
  validDays: 1,
  command: 'curl -sS $URL/health $URL/ready',
  run: async ({ ask }) => {
    const [whole, live, ready] = [await ask('/health'), await ask('/health/live'), await ask('/ready')];
    const told = jsonOf(whole);
    const faults: string[] = [];
    if (whole.status !== 200 || told?.status !== 'healthy')
      faults.push(`/health answers ${whole.status}, status ${String(told?.status)}`);
    if (told?.database !== 'ok') faults.push(`/health says of the database: ${String(told?.database)}`);
    if (!/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(String(told?.timestamp)))
      faults.push(`/health has the time "${String(told?.timestamp)}"`);
    if (live.status !== 200) faults.push(`/health/live answers ${live.status}`);
    const checks = jsonOf(ready)?.checks;
    const ill = Object.entries((checks ?? {}) as Record<string, string>).filter(([, state]) => state !== 'ok');
    if (ready.status !== 200 || checks === undefined || ill.length > 0) {
      faults.push(
        `/ready answers ${ready.status}, not well: ${ill.map(([name]) => name).join(', ') || 'no checks told'}`,
      );
    }
    return judge(faults, `healthy; ready: ${Object.keys((checks ?? {}) as object).join(', ')}`, [
      sample('/health', whole.text),
      sample('/ready', ready.text),
    ]);
  },
};
