import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { inject } from 'vitest';
import type { Installation, ServerInstallation } from './installation-template.ts';

/**
 * The test processes ask the main one for databases to copy, over a local socket: whatever they ask for is made once for
 * a run, by one process that also cleans it away, and a run that asks for nothing pays nothing.
 */
export type DatabaseSource = {
  readonly socket: string;
  /** Prefix of every database of this run on the server. */
  readonly prefix: string;
  /** Why there is no server database; null when there is one. */
  readonly missing: string | null;
};

export type Sources = {
  /** A server with a migrated database to clone. `admin` may create databases. */
  server(): Promise<{ admin: string; template: string }>;
  /** A file from which the embedded database starts migrated. */
  embedded(): Promise<{ dump: string }>;
  /** A data folder after the program's first start. */
  installation(): Promise<Installation>;
  /** A database on the server to clone, after the same. */
  serverInstallation(): Promise<ServerInstallation>;
};

declare module 'vitest' {
  export interface ProvidedContext {
    databaseSource: DatabaseSource;
  }
}

/** Where this run's databases come from. */
export function databaseSource(): DatabaseSource {
  const source = inject('databaseSource');
  if (!source) throw new Error('testDatabases() needs the global set-up in vitest.config.ts.');
  return source;
}

/** Asks the main process. @throws Error when it could not make the thing, with its reason. */
export async function ask<Name extends keyof Sources>(name: Name): Promise<Awaited<ReturnType<Sources[Name]>>> {
  const connection = createConnection(databaseSource().socket);
  await once(connection, 'connect');
  connection.end(name);
  const reply = JSON.parse(await text(connection));
  if ('error' in reply) throw new Error(reply.error);
  return reply.value;
}

/** Answers `ask` until the returned function is called. */
export async function serveSources(socket: string, sources: Sources): Promise<() => Promise<void>> {
  const server = createServer({ allowHalfOpen: true }, (connection) => void answer(connection, sources));
  server.listen(socket);
  await once(server, 'listening');
  return async () => {
    server.close();
    await once(server, 'close');
  };
}

async function answer(connection: Socket, sources: Sources): Promise<void> {
  // A test process that was killed while it waited is nobody to answer.
  connection.on('error', () => undefined);
  try {
    const name = await text(connection);
    if (!Object.hasOwn(sources, name)) throw new Error(`There is no source named ${name}.`);
    connection.end(JSON.stringify({ value: await sources[name as keyof Sources]() }));
  } catch (error) {
    connection.end(JSON.stringify({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }));
  }
}
