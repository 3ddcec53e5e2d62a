import { CompiledQuery } from 'kysely';
import { type Database, type Db, identifier } from '../database.ts';
import { isConcurrentStatement, type Migration } from './migration.ts';
import type { MigrationLimits } from './migration-limits.ts';

/** Whether a migration builds or drops indexes beside writers. The parser sees to it that it then does nothing else. */
export function isConcurrent({ up }: Migration): boolean {
  return up.some(isConcurrentStatement);
}

/** The same for where nobody can be in the way: within a transaction, on tables that it makes or that nobody uses. */
export function plainStatement(statement: string): string {
  return isConcurrentStatement(statement) ? statement.replace(/ CONCURRENTLY /i, ' ') : statement;
}

/**
 * Runs them on a connection of their own, outside of any transaction, in the schema of `target`. A try that was broken off
 * leaves an index that no query uses: it is dropped and built anew. The connection is ours for that long: a transaction
 * pooler must not stand between.
 */
export async function runConcurrent(
  database: Database,
  target: { schema: string; enter: string },
  statements: readonly string[],
  { statementTimeout }: MigrationLimits,
): Promise<void> {
  await database.db.connection().execute(async (connection) => {
    try {
      await execute(connection, target.enter.replaceAll('SET LOCAL', 'SET'));
      await execute(connection, `SET statement_timeout TO ${statementTimeout}`);
      for (const statement of statements) {
        await dropInvalid(connection, target.schema, statement);
        await execute(connection, statement);
      }
    } finally {
      await execute(connection, 'RESET ROLE; RESET search_path; RESET statement_timeout');
    }
  });
}

const CREATED = /^CREATE (?:UNIQUE )?INDEX CONCURRENTLY (?:IF NOT EXISTS )?"?(?<name>\w+)"? ON /i;

async function dropInvalid(connection: Db, schema: string, statement: string): Promise<void> {
  const name = CREATED.exec(statement)?.groups?.name;
  if (name === undefined) return;
  const { rows } = await connection.executeQuery(
    CompiledQuery.raw(
      `SELECT 1 FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
       WHERE relname = $1 AND relnamespace = to_regnamespace($2) AND NOT indisvalid`,
      [name, identifier(schema)],
    ),
  );
  if (rows.length > 0) await execute(connection, `DROP INDEX CONCURRENTLY ${identifier(name)}`);
}

async function execute(connection: Db, statement: string): Promise<void> {
  await connection.executeQuery(CompiledQuery.raw(statement));
}
