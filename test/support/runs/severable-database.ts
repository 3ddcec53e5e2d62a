import type { KyselyPlugin, PluginTransformQueryArgs, PluginTransformResultArgs } from 'kysely';
import type { Database } from '../../../src/platform/database/database.ts';

/** A process's way to its database. */
export type SeverableDatabase = {
  database: Database;
  readonly state: 'open' | 'held' | 'cut';
  /** Nothing goes through until `release`, as in a process that is suspended or behind a network that stands still. */
  hold(): void;
  release(): void;
  /** Nothing goes through ever again, as in a process that was killed. What was sent before may still be done. */
  cut(): void;
};

/** The same database for one worker of a test, which can so be killed or suspended without ending the test's own process. */
export function severable(database: Database): SeverableDatabase {
  let state: 'open' | 'held' | 'cut' = 'open';
  let released = Promise.withResolvers<void>();
  const pass = async (): Promise<void> => {
    while (state === 'held') await released.promise;
    if (state === 'cut') await new Promise(() => undefined);
  };
  const guarded = <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) => {
    return async (...args: Args): Promise<Result> => {
      await pass();
      const result = await call(...args).catch(async (error: unknown) => {
        await pass();
        throw error;
      });
      await pass();
      return result;
    };
  };
  // Statements outside of transactions: what is on its way arrives, its answer does not.
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }: PluginTransformQueryArgs) => node,
    transformResult: async ({ result }: PluginTransformResultArgs) => {
      await pass();
      return result;
    },
  };
  return {
    database: {
      ...database,
      db: database.db.withPlugin(plugin),
      transaction: guarded(database.transaction) as Database['transaction'],
      scoped: guarded(database.scoped) as Database['scoped'],
      scopedQueries: guarded(database.scopedQueries as never) as Database['scopedQueries'],
      execute: guarded(database.execute),
    },
    get state() {
      return state;
    },
    hold: () => {
      if (state !== 'open') return;
      state = 'held';
      released = Promise.withResolvers<void>();
    },
    release: () => {
      if (state !== 'held') return;
      state = 'open';
      released.resolve();
    },
    cut: () => {
      state = 'cut';
      released.resolve();
    },
  };
}
