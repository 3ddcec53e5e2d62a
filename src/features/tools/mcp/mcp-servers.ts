import { setTimeout as wait } from 'node:timers/promises';
import { createFreshCache } from '../../../platform/cache/fresh-cache.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Database } from '../../../platform/database/database.ts';
import { ForbiddenAddressError } from '../../../platform/http/guarded-fetch.ts';
import { BulkheadFull } from '../../../platform/resilience/bulkhead.ts';
import { CircuitOpen } from '../../../platform/resilience/circuit-breaker.ts';
import type { Outside } from '../../../platform/resilience/outside.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';
import type { Tenant, TenantSecrets } from '../../tenancy/index.ts';
import { connectMcp, type McpClient, type McpFetch, type McpResult } from './mcp-client.ts';
import { findServerByName, type McpServerRow } from './mcp-server.store.ts';
import { type McpTool, mcpTool } from './mcp-tools.ts';

export type McpDependencies = {
  database: Database;
  secrets: TenantSecrets;
  clock: Clock;
  log: Logger;
  /** Guarded: the address is a tenant's, and must not lead into our own network. */
  fetch: McpFetch;
  outside: Outside;
};

/** What a server did wrong, in words that are safe to show. */
export class McpServerError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'McpServerError';
  }
}

/** How old what a server offers may be, ms: a run should not have to ask for it. */
const LIST_LIFETIME_MS = 5 * 60_000;
const KEPT_SERVERS = 1_000;
/** Calls to one server; the others wait. */
const MOST_AT_ONCE = 10;
/** To list what it offers. */
const LIST_TIMEOUT_MS = 10_000;

export type McpServers = ReturnType<typeof createMcpServers>;

/** Calls tenants' servers: what they offer is cached, and one that keeps failing is left alone for a while. */
export function createMcpServers({ database, secrets, clock, log, fetch, outside }: McpDependencies) {
  const lists = createFreshCache<McpTool[]>({ capacity: KEPT_SERVERS, lifetime: LIST_LIFETIME_MS, clock });

  /** One call to a server, on a connection of its own: nothing of one run is left for another. */
  async function call<Result>(
    server: McpServerRow,
    signal: AbortSignal,
    timeoutMs: number,
    work: (client: McpClient) => Promise<Result>,
  ): Promise<Result> {
    // The package hides it behind an error of its own.
    let refused: Error | null = null;
    const watched: McpFetch = (input, init) =>
      fetch(input, init).catch((error: unknown) => {
        if (error instanceof ForbiddenAddressError) refused = error;
        throw error;
      });
    const connection = { url: server.url, headers: await headersOf(server), timeoutMs };
    // To connect and to ask have `timeoutMs` each.
    const service = { name: `mcp:${server.id}`, kind: 'mcp', timeout: 2 * timeoutMs, most: MOST_AT_ONCE } as const;
    try {
      return await outside.call(
        service,
        async (until) => {
          const client = await connectMcp(connection, watched, until);
          return await work(client).finally(() => closeSoon(client));
        },
        signal,
      );
    } catch (error) {
      throw serverError(server.name, refused ?? error);
    }
  }

  async function headersOf({ id, tenant_id, header_names }: McpServerRow): Promise<Record<string, string>> {
    if (header_names.length === 0) return {};
    const sealed = await secrets.read({ id: tenant_id }, secretName(id));
    return sealed === null ? {} : (JSON.parse(sealed) as Record<string, string>);
  }

  const keyOf = ({ id, updated_at }: McpServerRow) => `${id} ${updated_at.getTime()}`;

  async function list(server: McpServerRow, signal: AbortSignal): Promise<McpTool[]> {
    const timeout = Math.min(server.timeout_ms, LIST_TIMEOUT_MS);
    const offered = await call(server, signal, timeout, (client) => client.listTools(signal));
    return offered.map((tool) => mcpTool(server, tool));
  }

  return {
    /** What a server offers now. @throws McpServerError */
    list,

    /** What a tenant's server of this name offers, at most five minutes old; none while it is away or switched off. */
    async tools(
      { id }: Pick<Tenant, 'id'>,
      name: string,
      signal: AbortSignal,
    ): Promise<{ server: McpServerRow; tools: readonly McpTool[] } | null> {
      const server = await findServerByName(database.db, id, name);
      if (!server?.enabled) return null;
      try {
        return { server, tools: (await lists.get(keyOf(server), () => list(server, signal))) ?? [] };
      } catch (error) {
        signal.throwIfAborted();
        log.warn({ err: error, mcp_server: name }, 'an MCP server does not say what it offers');
        return { server, tools: [] };
      }
    },

    async has({ id }: Pick<Tenant, 'id'>, name: string): Promise<boolean> {
      return (await findServerByName(database.db, id, name))?.enabled ?? false;
    },

    /** Calls a tool once, never again. @throws McpServerError */
    callTool(
      server: McpServerRow,
      tool: McpTool,
      input: Record<string, unknown>,
      signal: AbortSignal,
    ): Promise<McpResult> {
      return call(server, signal, server.timeout_ms, (client) => client.callTool(tool.remoteName, input, signal));
    },
  };
}

export function secretName(serverId: string): string {
  return `mcp/${serverId}`;
}

function serverError(name: string, error: unknown): McpServerError {
  if (error instanceof McpServerError) return error;
  if (error instanceof CircuitOpen) {
    return new McpServerError(`The MCP server "${name}" failed repeatedly and is given a pause.`, error);
  }
  if (error instanceof BulkheadFull) {
    return new McpServerError(`The MCP server "${name}" has too many calls to answer. Try again in a moment.`, error);
  }
  // The address is the tenant's own; anything else might tell what our network looks like.
  const why =
    error instanceof ForbiddenAddressError
      ? error.message
      : 'It could not be reached, or did not answer as the protocol says.';
  return new McpServerError(`The MCP server "${name}" failed. ${why}`, error);
}

const CLOSE_MS = 2_000;

/** In the background: the caller has what it wanted. */
function closeSoon(client: McpClient): void {
  const patience = wait(CLOSE_MS, undefined, { ref: false });
  void Promise.race([client.close(), patience]).catch(() => undefined);
}
