import { sql } from 'kysely';
import type { Db } from '../../platform/database/database.ts';

export type DatabaseAbilities = {
  /** `server_version_num`. */
  version: number;
  versionText: string;
  /** Installed, or of those that this role may install. */
  hasVector: boolean;
  mayCreateRoles: boolean;
  mayCreateSchemas: boolean;
};

export async function readAbilities(db: Db): Promise<DatabaseAbilities> {
  const { rows } = await sql<DatabaseAbilities>`
    SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS "versionText",
      EXISTS (SELECT FROM pg_extension WHERE extname = 'vector')
        OR r.rolsuper AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') AS "hasVector",
      r.rolsuper OR r.rolcreaterole AS "mayCreateRoles",
      has_database_privilege(current_database(), 'CREATE') AS "mayCreateSchemas"
    FROM pg_roles r WHERE r.rolname = current_user`.execute(db);
  const [found] = rows;
  if (!found) throw new Error('The database knows no role of this connection.');
  return found;
}

/** Which database an address leads to. */
export type DatabaseIdentity = {
  /** Of the cluster; a replica has its primary's. */
  system: string;
  name: string;
  role: string;
  /** Of the server's process that answers this connection. */
  processId: number;
  isStandby: boolean;
};

export async function readIdentity(db: Db): Promise<DatabaseIdentity> {
  const { rows } = await sql<DatabaseIdentity>`
    SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system, current_database() AS name,
      current_user AS role, pg_backend_pid() AS "processId", pg_is_in_recovery() AS "isStandby"`.execute(db);
  const [found] = rows;
  if (!found) throw new Error('The database does not say which it is.');
  return found;
}
