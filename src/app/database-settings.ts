import { decimal, setting, url } from './setting.ts';

const optionalUrl = (): ((value: string) => string | null) => url('postgres:', 'postgresql:');
const none = null as string | null;

/** Databases besides the one of DATABASE_URL. */
export const databaseSettings = {
  databaseDirectUrl: setting(
    'DATABASE_DIRECT_URL',
    optionalUrl(),
    none,
    'The same database around a pooler in transaction mode that DATABASE_URL names: for notifications and for parley migrate. Unset: DATABASE_URL.',
    { secret: true },
  ),
  databaseReplicaUrl: setting(
    'DATABASE_REPLICA_URL',
    optionalUrl(),
    none,
    'A hot standby of the database for reads that may be a moment old: analytics and reports of usage. Unset: DATABASE_URL.',
    { secret: true },
  ),
  databaseReplicaMostLag: setting(
    'DATABASE_REPLICA_MAX_LAG_SECONDS',
    decimal(0.1, 86_400),
    10,
    'How far the standby may be behind, seconds; beyond it, and when it is away, its reads go to DATABASE_URL.',
  ),
} as const;
