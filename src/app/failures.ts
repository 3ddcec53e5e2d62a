import { UnknownModelError } from '../ai/model-registry.ts';
import { ModelSettingsError } from '../ai/providers.ts';
import { DataFolderError } from '../platform/database/embedded/data-folder.errors.ts';
import { isDatabaseAway } from '../platform/database/failures.ts';
import { MigrationRefusedError } from '../platform/database/migrations/migrator.ts';
import { ConfigError } from './config.ts';
import { DatabaseNotReadyError } from './installation.ts';

/** What a command ends with, as sysexits.h names them. */
export const EXIT = { usage: 64, unavailable: 69, internal: 70, cannotCreate: 73, config: 78 } as const;

/** A failure that a person can mend: the message is all they need. */
export class CommandError extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number = EXIT.usage) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Says what went wrong on standard error and ends the process; a stack only where the fault is ours. */
export function fail(error: unknown): never {
  const { message, exitCode } = explain(error);
  process.stderr.write(`\nparley: ${message}\n`);
  process.exit(exitCode);
}

/** What a person is told of an error that ends the program. */
export function explain(error: unknown): { message: string; exitCode: number } {
  if (!(error instanceof Error)) return { message: String(error), exitCode: EXIT.internal };
  const { message } = error;
  if (error instanceof CommandError) return { message, exitCode: error.exitCode };
  if (error instanceof ConfigError || error instanceof ModelSettingsError || error instanceof UnknownModelError) {
    return { message, exitCode: EXIT.config };
  }
  if (error instanceof DataFolderError) return { message, exitCode: EXIT.cannotCreate };
  if (error instanceof DatabaseNotReadyError || error instanceof MigrationRefusedError) {
    return { message, exitCode: EXIT.config };
  }
  const { code, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string };
  if (code === 'EADDRINUSE') {
    const text = `Port ${port} on ${address} is in use. End the program that has it, or set PORT to another.`;
    return { message: text, exitCode: EXIT.unavailable };
  }
  if (code === 'EACCES' && port !== undefined) {
    return { message: `Port ${port} needs more rights. Set PORT to 1024 or above.`, exitCode: EXIT.unavailable };
  }
  if (code === 'EADDRNOTAVAIL') {
    return { message: `This machine has no address ${address}. Set HOST to one that it has.`, exitCode: EXIT.config };
  }
  const lacking = LACKING.find(([pattern]) => pattern.test(message));
  if (lacking) return { message: lacking[1], exitCode: EXIT.config };
  if (isDatabaseAway(error)) {
    return {
      message: `The database does not answer (${reasonOf(error)}). Check DATABASE_URL.`,
      exitCode: EXIT.unavailable,
    };
  }
  return { message: error.stack ?? message, exitCode: EXIT.internal };
}

/** PostgreSQL's own codes are numbers that say nothing to a person. */
function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  return code === undefined || /^[0-9]/.test(code) ? message : code;
}

/** What a server database must have, and only its owner can give: by the words of Postgres. */
const LACKING: readonly (readonly [RegExp, string])[] = [
  [
    /extension "vector"/,
    'The database has no pgvector. Install it on its server, then run there as a superuser: CREATE EXTENSION vector SCHEMA public;',
  ],
  [
    /permission denied to create role/,
    'The role of DATABASE_URL may not create roles, of which each tenant has one. Run as a superuser: ALTER ROLE … CREATEROLE;',
  ],
  [
    /permission denied for database/,
    'The role of DATABASE_URL may not create schemas. Let it own its database: ALTER DATABASE … OWNER TO …;',
  ],
];
