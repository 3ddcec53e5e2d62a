import type { PlatformTransaction } from '../../../platform/database/database.ts';
import { violatesUnique } from '../../../platform/database/failures.ts';
import { newId } from '../../../platform/id.ts';
import type { Principal } from '../../identity/index.ts';
import { actBy, recordAct } from '../../tenancy/index.ts';
import { toolErrors } from '../tools.errors.ts';
import type { McpServerChanges, NewMcpServer } from './mcp.schema.ts';
import type { McpServerRow } from './mcp-server.store.ts';
import * as store from './mcp-server.store.ts';
import { type McpDependencies, McpServerError, type McpServers, secretName } from './mcp-servers.ts';
import type { McpTool } from './mcp-tools.ts';

const MOST_SERVERS = 50;
const TIMEOUT_MS = 30_000;

export type McpServerService = ReturnType<typeof createMcpServerService>;

/** The MCP servers of a tenant, for its admins. Every function answers for the principal's tenant only. */
export function createMcpServerService({ database, secrets }: McpDependencies, servers: McpServers) {
  async function find({ tenant }: Principal, id: string): Promise<McpServerRow> {
    const row = await store.findServer(database.db, tenant.id, id);
    if (!row) throw toolErrors.serverNotFound();
    return row;
  }

  async function keepHeaders(
    trx: PlatformTransaction,
    { tenant, userId }: Principal,
    id: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<void> {
    if (Object.keys(headers).length === 0) await secrets.remove(trx, tenant, secretName(id));
    else await secrets.put(trx, tenant, secretName(id), JSON.stringify(headers), userId);
  }

  return {
    find,
    list: ({ tenant }: Principal): Promise<McpServerRow[]> => store.listServers(database.db, tenant.id),

    /** @throws ApiError ERR_TOOL_002, 004 */
    async create(principal: Principal, given: NewMcpServer): Promise<McpServerRow> {
      const { tenant } = principal;
      const { headers = {}, approval = 'changes', timeout_ms = TIMEOUT_MS, enabled = true, name, url } = given;
      return refusingTakenName(name, () =>
        database.transaction(async (trx) => {
          if ((await store.countServers(trx, tenant.id)) >= MOST_SERVERS) throw toolErrors.tooMany();
          const header_names = Object.keys(headers).sort();
          const row = { id: newId(), tenant_id: tenant.id, name, url, header_names, approval, timeout_ms, enabled };
          const saved = await store.insertServer(trx, row);
          await keepHeaders(trx, principal, row.id, headers);
          await recordAct(
            trx,
            actBy(principal, { act: 'mcp-server.create', target: target(saved), details: { name, url } }),
          );
          return saved;
        }),
      );
    },

    /** `headers`, when given, replace all of them. @throws ApiError ERR_TOOL_001, 002 */
    async change(principal: Principal, id: string, { headers, ...changes }: McpServerChanges): Promise<McpServerRow> {
      const { tenant } = principal;
      return refusingTakenName(changes.name ?? '', () =>
        database.transaction(async (trx) => {
          const before = await store.findServer(trx, tenant.id, id);
          if (!before) throw toolErrors.serverNotFound();
          const kept = headers ?? (movesElsewhere(before, changes.url) ? {} : undefined);
          const names = kept && { header_names: Object.keys(kept).sort() };
          const row = await store.updateServer(trx, tenant.id, id, { ...changes, ...names });
          if (kept) await keepHeaders(trx, principal, id, kept);
          const changed = Object.keys({ ...changes, ...(kept && { headers: kept }) });
          const details = { name: row.name, url: row.url, changed };
          await recordAct(trx, actBy(principal, { act: 'mcp-server.change', target: target(row), details }));
          return row;
        }),
      );
    },

    /** @throws ApiError ERR_TOOL_001 */
    async remove(principal: Principal, id: string): Promise<void> {
      const { tenant } = principal;
      await database.transaction(async (trx) => {
        const row = await store.deleteServer(trx, tenant.id, id);
        if (!row) throw toolErrors.serverNotFound();
        await secrets.remove(trx, tenant, secretName(id));
        const { name, url } = row;
        await recordAct(
          trx,
          actBy(principal, { act: 'mcp-server.delete', target: target(row), details: { name, url } }),
        );
      });
    },

    /** What the server offers now. @throws ApiError ERR_TOOL_001, 003 */
    async tools(principal: Principal, id: string, signal: AbortSignal): Promise<McpTool[]> {
      const server = await find(principal, id);
      try {
        return await servers.list(server, signal);
      } catch (error) {
        if (error instanceof McpServerError) throw toolErrors.serverFailed(error.message, { cause: error.cause });
        throw error;
      }
    },
  };
}

function target({ id }: McpServerRow) {
  return { kind: 'mcp-server', id };
}

/** Another server must not be sent what was meant for the one before. */
function movesElsewhere(before: McpServerRow, url = before.url): boolean {
  return new URL(before.url).origin !== new URL(url).origin;
}

async function refusingTakenName<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!violatesUnique(error, 'mcp_server_name')) throw error;
    const detail = `This tenant already has an MCP server named "${name}".`;
    throw toolErrors.nameTaken(detail, { fields: [{ field: 'name', message: 'is taken' }] });
  }
}
