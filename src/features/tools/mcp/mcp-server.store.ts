import type { Db, PlatformTransaction } from '../../../platform/database/database.ts';
import type { McpApproval } from '../../../platform/database/schema.ts';

export type McpServerRow = {
  id: string;
  tenant_id: string;
  name: string;
  url: string;
  header_names: string[];
  approval: McpApproval;
  timeout_ms: number;
  enabled: boolean;
  created_at: Date;
  updated_at: Date;
};

export type McpServerChange = Partial<
  Pick<McpServerRow, 'name' | 'url' | 'header_names' | 'approval' | 'timeout_ms' | 'enabled'>
>;

/** Throws a unique violation on `mcp_server_name`. */
export async function insertServer(
  trx: PlatformTransaction,
  server: Omit<McpServerRow, 'created_at' | 'updated_at'>,
): Promise<McpServerRow> {
  return trx.insertInto('platform.mcp_server').values(server).returningAll().executeTakeFirstOrThrow();
}

export async function countServers(trx: PlatformTransaction, tenantId: string): Promise<number> {
  const row = await trx
    .selectFrom('platform.mcp_server')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('tenant_id', '=', tenantId)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export async function listServers(db: Db, tenantId: string): Promise<McpServerRow[]> {
  return db.selectFrom('platform.mcp_server').selectAll().where('tenant_id', '=', tenantId).orderBy('name').execute();
}

export async function findServer(db: Db, tenantId: string, id: string): Promise<McpServerRow | undefined> {
  return db
    .selectFrom('platform.mcp_server')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .executeTakeFirst();
}

export async function findServerByName(db: Db, tenantId: string, name: string): Promise<McpServerRow | undefined> {
  return db
    .selectFrom('platform.mcp_server')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('name', '=', name)
    .executeTakeFirst();
}

/** Throws a unique violation on `mcp_server_name`. */
export async function updateServer(
  trx: PlatformTransaction,
  tenantId: string,
  id: string,
  change: McpServerChange,
): Promise<McpServerRow> {
  return trx
    .updateTable('platform.mcp_server')
    .set({ ...change, updated_at: new Date() })
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function deleteServer(
  trx: PlatformTransaction,
  tenantId: string,
  id: string,
): Promise<McpServerRow | undefined> {
  return trx
    .deleteFrom('platform.mcp_server')
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
}
