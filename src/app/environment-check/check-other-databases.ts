import type { Database } from '../../platform/database/database.ts';
import { createReplicaReads } from '../../platform/database/replica.ts';
import type { Config } from '../config.ts';
import { explain } from '../failures.ts';
import { type DatabaseIdentity, readIdentity } from './database-abilities.store.ts';
import type { Finding } from './finding.ts';

/** Opens one connection to an address, for a moment. */
export type Connect = (url: string) => Promise<Database>;

type Parts = { primary: Database; connect: Connect };

/** The addresses beside DATABASE_URL: around a pooler, and of a replica. Nothing is changed. */
export async function checkOtherDatabases(config: Config, parts: Parts): Promise<readonly Finding[]> {
  const { databaseDirectUrl: direct, databaseReplicaUrl: replica } = config;
  const here = await readIdentity(parts.primary.db);
  return [
    ...(direct === null
      ? await checkPooled(config.databaseUrl ?? '', here, parts)
      : await checkDirect(direct, here, parts)),
    ...(replica === null ? [] : await checkReplica(replica, config.databaseReplicaMostLag, here, parts)),
  ];
}

/** What one address should be; a fault of its own where it does not answer. */
async function tried(
  name: string,
  url: string,
  { connect }: Parts,
  look: (database: Database) => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  let database: Database | null = null;
  try {
    database = await connect(url);
    return await look(database);
  } catch (error) {
    return [{ kind: 'fault', text: `${name}: ${explain(error).message.replace('Check DATABASE_URL', 'Check it')}` }];
  } finally {
    await database?.close().catch(() => undefined);
  }
}

/** A notification does not come through a pooler in transaction mode, and nothing says so. */
function checkPooled(url: string, here: DatabaseIdentity, parts: Parts): Promise<readonly Finding[]> {
  return tried('DATABASE_URL', url, parts, async (database) => {
    if (!isShared(here, await readIdentity(database.db))) return [];
    const text =
      'DATABASE_URL is a pooler in transaction mode: set DATABASE_DIRECT_URL, the same database around it, or no process hears of what others do';
    return [{ kind: 'fault', text }];
  });
}

function checkDirect(url: string, here: DatabaseIdentity, parts: Parts): Promise<readonly Finding[]> {
  return tried('DATABASE_DIRECT_URL', url, parts, async (database) => {
    const there = await readIdentity(database.db);
    if (!isSameDatabase(here, there)) return [fault('DATABASE_DIRECT_URL is another database than DATABASE_URL')];
    if (here.role !== there.role) {
      return [fault(`DATABASE_DIRECT_URL logs in as ${there.role}, DATABASE_URL as ${here.role}: use one role`)];
    }
    const second = await tried('DATABASE_DIRECT_URL', url, parts, async (other) =>
      isShared(there, await readIdentity(other.db))
        ? [fault('DATABASE_DIRECT_URL is a pooler in transaction mode: name the PostgreSQL server itself')]
        : [],
    );
    return second.length > 0 ? second : [{ kind: 'ok', text: 'DATABASE_DIRECT_URL is the same database, directly' }];
  });
}

function checkReplica(url: string, mostLag: number, here: DatabaseIdentity, parts: Parts): Promise<readonly Finding[]> {
  return tried('DATABASE_REPLICA_URL', url, parts, async (replica) => {
    const there = await readIdentity(replica.db);
    if (!there.isStandby) return [fault('DATABASE_REPLICA_URL is no hot standby: all reads would go to DATABASE_URL')];
    if (!isSameDatabase(here, there)) return [fault('DATABASE_REPLICA_URL follows another database than DATABASE_URL')];
    const reads = createReplicaReads({ primary: parts.primary, replica, mostLag });
    return reads.check().then(
      (): Finding[] => [{ kind: 'ok', text: 'DATABASE_REPLICA_URL is a hot standby of the database, and near' }],
      (error: Error): Finding[] => [{ kind: 'warning', text: `DATABASE_REPLICA_URL: ${error.message}` }],
    );
  });
}

const fault = (text: string): Finding => ({ kind: 'fault', text });

function isSameDatabase(one: DatabaseIdentity, other: DatabaseIdentity): boolean {
  return one.system === other.system && one.name === other.name;
}

/** Two connections that are open at once and have one server process between them: a pooler lends it to both. */
function isShared(one: DatabaseIdentity, other: DatabaseIdentity): boolean {
  return isSameDatabase(one, other) && one.processId === other.processId;
}
