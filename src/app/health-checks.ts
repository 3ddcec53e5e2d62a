import type { Embedder } from '../ai/embedder.ts';
import {
  type Check,
  createHealthService,
  diskCheck,
  embedderCheck,
  migrationsCheck,
  providersCheck,
  queueCheck,
  replicaCheck,
} from '../features/operations/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/database.ts';
import type { Migration } from '../platform/database/migrations/migration.ts';
import type { ReplicaReads } from '../platform/database/replica.ts';
import type { Queue } from '../platform/queue/queue.ts';
import type { RedisConnection } from '../platform/redis/redis.ts';
import type { Outside } from '../platform/resilience/outside.ts';
import type { Config } from './config.ts';
import { version } from './version.ts';

type HealthParts = {
  database: Database;
  reads: ReplicaReads;
  clock: Clock;
  migrations: readonly Migration[];
  queue: Queue;
  redis: RedisConnection | null;
  outside: Outside;
  embedder: Pick<Embedder, 'id'> | null;
};

/** How the program and all that it depends on is. */
export function createHealth({ redisUrl, dataDir }: Pick<Config, 'redisUrl' | 'dataDir'>, parts: HealthParts) {
  const { database, clock, queue, outside } = parts;
  return createHealthService({
    database,
    clock,
    version,
    redisConfigured: redisUrl !== null,
    checks: healthChecks(parts, dataDir),
    contributions: [
      { name: 'outside', read: outside.states },
      { name: 'jobs', read: queue.counts },
    ],
  });
}

/** Everything that the program depends on, besides its database. */
function healthChecks(
  { database, reads, migrations, queue, redis, outside, embedder }: HealthParts,
  dataDir: string,
): readonly Check[] {
  return [
    migrationsCheck(database, migrations),
    queueCheck(queue),
    diskCheck(dataDir, database.kind === 'embedded'),
    ...(reads.isThere ? [replicaCheck(reads)] : []),
    ...(redis ? [{ name: 'redis', weight: 'dispensable' as const, run: redis.check }] : []),
    providersCheck(outside.states),
    ...(embedder ? [embedderCheck(embedder.id.split('/', 1)[0] ?? '', outside.states)] : []),
  ];
}
