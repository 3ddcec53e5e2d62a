import type { Embedder } from '../ai/embedder.ts';
import {
  type Check,
  diskCheck,
  embedderCheck,
  migrationsCheck,
  providersCheck,
  queueCheck,
} from '../features/operations/index.ts';
import type { Database } from '../platform/database/database.ts';
import type { Migration } from '../platform/database/migrations/migration.ts';
import type { Queue } from '../platform/queue/queue.ts';
import type { RedisConnection } from '../platform/redis/redis.ts';
import type { Outside } from '../platform/resilience/outside.ts';

/** Everything that the program depends on, besides its database. */
export function healthChecks(parts: {
  database: Database;
  migrations: readonly Migration[];
  queue: Queue;
  redis: RedisConnection | null;
  outside: Outside;
  embedder: Pick<Embedder, 'id'> | null;
  dataDir: string;
}): readonly Check[] {
  const { database, migrations, queue, redis, outside, embedder, dataDir } = parts;
  return [
    migrationsCheck(database, migrations),
    queueCheck(queue),
    diskCheck(dataDir, database.kind === 'embedded'),
    ...(redis ? [{ name: 'redis', weight: 'dispensable' as const, run: redis.check }] : []),
    providersCheck(outside.states),
    ...(embedder ? [embedderCheck(embedder.id.split('/', 1)[0] ?? '', outside.states)] : []),
  ];
}
