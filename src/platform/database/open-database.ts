import { Kysely } from 'kysely';
import { type Database, databaseOver } from './database.ts';
import { type EmbeddedDatabase, openEmbeddedDatabase } from './embedded/open-embedded-database.ts';
import type { Schema } from './schema.ts';
import { openServerDatabase, type ServerDatabaseOptions } from './server-database.ts';

export type DatabaseOptions = Omit<ServerDatabaseOptions, 'url'> & {
  /** Null: the embedded database. */
  url: string | null;
  /** Folder of the embedded database; null keeps it in memory. */
  embeddedFolder: string | null;
};

/** Opens the database that the settings name. Nothing is migrated here. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { url, embeddedFolder, ...rest } = options;
  if (url !== null) return openServerDatabase({ ...rest, url });
  return overEmbedded(
    await openEmbeddedDatabase({ dataDir: embeddedFolder, onFatal: options.onError, slow: options.slow ?? null }),
  );
}

/** The embedded database as any other. */
export function overEmbedded(embedded: EmbeddedDatabase): Database {
  const db = new Kysely<Schema>({ dialect: embedded.dialect });
  return databaseOver('embedded', db, {
    execute: async (text, values) => embedded.execute(text, values),
    listen: (channel, onPayload) => embedded.listen(channel, onPayload),
    waiting: () => embedded.waiting(),
    connections: () => ({ open: 1, idle: embedded.waiting() === 0 ? 1 : 0 }),
    close: async () => {
      await db.destroy();
      await embedded.close();
    },
  });
}
