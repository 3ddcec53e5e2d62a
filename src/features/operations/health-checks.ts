import { statfs } from 'node:fs/promises';
import type { Database } from '../../platform/database/database.ts';
import type { Migration } from '../../platform/database/migrations/migration.ts';
import { describeFaults, platformTarget, readMigrationState } from '../../platform/database/migrations/migrator.ts';
import type { ReplicaReads } from '../../platform/database/replica.ts';
import type { Queue } from '../../platform/queue/queue.ts';
import type { OutsideState } from '../../platform/resilience/outside.ts';
import type { Check } from './health-check.ts';

export function databaseCheck(database: Database): Check {
  return {
    name: 'database',
    run: async () => {
      await database.execute('SELECT 1');
    },
  };
}

/** A newer program may have migrated the database beside this one: what it added is no fault. */
export function migrationsCheck(database: Database, migrations: readonly Migration[]): Check {
  return {
    name: 'migrations',
    run: async () => {
      const state = await readMigrationState(database.db, platformTarget, migrations);
      const faults = state.faults.filter(({ fault }) => fault !== 'newer');
      if (faults.length > 0) throw new Error(describeFaults({ ...state, faults }));
      if (state.pending.length > 0) throw new Error(`${state.pending.join(', ')} pending: npx parley migrate up`);
    },
  };
}

/** Reads that may be a moment old go to the primary without it. */
export function replicaCheck(reads: Pick<ReplicaReads, 'check'>): Check {
  return { name: 'replica', weight: 'dispensable', run: () => reads.check() };
}

/** Requests are served without it; what they leave to be done later waits. */
export function queueCheck(queue: Queue): Check {
  return {
    name: 'queue',
    weight: 'dispensable',
    run: async () => {
      await queue.counts();
    },
  };
}

/** With less the embedded database soon refuses writes, bytes. */
const LEAST_FREE = 64 * 1024 * 1024;

/** The disk of DATA_DIR. The embedded database is on it; beside a server database there are only files. */
export function diskCheck(folder: string, isEmbedded: boolean, read: typeof statfs = statfs): Check {
  return {
    name: 'disk',
    weight: isEmbedded ? 'needed' : 'dispensable',
    run: async () => {
      const found = await read(folder).catch((error: NodeJS.ErrnoException) => {
        // Beside a server database nothing may ever be kept there.
        if (error.code === 'ENOENT') return null;
        throw error;
      });
      const free = found ? found.bavail * found.bsize : LEAST_FREE;
      if (free < LEAST_FREE) throw new Error(`${Math.floor(free / 2 ** 20)} MB are free on the disk of ${folder}`);
    },
  };
}

/** What calls have shown: asking a provider for health's sake would cost money. It is well again with the first answer. */
export function providersCheck(states: () => readonly OutsideState[]): Check {
  return outsideCheck('providers', states, ({ kind }) => kind === 'model');
}

/** `provider`: whose circuit the embedder's calls go through. */
export function embedderCheck(provider: string, states: () => readonly OutsideState[]): Check {
  return outsideCheck('embedder', states, ({ name }) => name === `model:${provider}`);
}

function outsideCheck(
  name: string,
  states: () => readonly OutsideState[],
  isMeant: (state: OutsideState) => boolean,
): Check {
  return {
    name,
    weight: 'outside',
    run: async () => {
      const ill = states().filter((state) => isMeant(state) && state.circuit !== 'closed');
      if (ill.length > 0) throw new Error(`${ill.map((state) => state.name).join(', ')}: the last calls failed`);
    },
  };
}
