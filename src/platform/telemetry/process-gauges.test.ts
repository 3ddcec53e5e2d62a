import { expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';
import { gaugeProcess, type ProcessState } from './process-gauges.ts';

const WELL: ProcessState = {
  connections: () => ({ open: 3, idle: 1 }),
  waiting: () => 0,
  jobs: async () => [{ name: 'chat', waiting: 4, active: 1, failed: 0 }],
  jobAges: async () => [{ name: 'chat', seconds: 5 }],
  replicaLag: async () => 1.5,
  disk: async () => ({ free: 25, size: 100 }),
  slowStatements: () => 3,
  circuits: () => [],
};

async function told(state: Partial<ProcessState>, mostWait?: number): Promise<string> {
  const { registry } = createMetrics();
  gaugeProcess(registry, { ...WELL, ...state }, mostWait);
  return registry.metrics();
}

test('tell how far the replica is behind, and what is free on the disk', async () => {
  const text = await told({});
  expect(text).toMatch(/^parley_replica_lag_seconds 1.5$/m);
  expect(text).toMatch(/^parley_disk_free_ratio 0.25$/m);
});

test('leave out a replica and a data folder that there are not', async () => {
  const text = await told({ replicaLag: async () => null, disk: async () => null });
  expect(text).not.toMatch(/^parley_(replica|disk)/m);
});

test('call a replica that fails endlessly far behind, and are told without what does not answer', async () => {
  const away = () => Promise.reject(new Error('away'));
  expect(await told({ replicaLag: away, disk: away })).toMatch(/^parley_replica_lag_seconds \+Inf$/m);
  const never = () => new Promise<never>(() => undefined);
  const text = await told({ replicaLag: never, jobs: never, jobAges: never, disk: never }, 10);
  expect(text).toMatch(/^parley_replica_lag_seconds \+Inf$/m);
  expect(text).toMatch(/^parley_database_connections\{state="busy"\} 2$/m);
  expect(text).not.toMatch(/^parley_queue/m);
});
