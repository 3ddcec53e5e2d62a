import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Database } from '../../../platform/database/database.ts';
import { decodeCursor, pageOf } from '../../../platform/http/pagination.ts';
import type { App } from '../../../platform/http/server.ts';
import * as schema from './audit.schema.ts';
import { type AuditEntry, type AuditFilter, exportAudit, listAudit, verifyAudit } from './audit.service.ts';
import { CSV_HEAD, csvLine } from './audit-export.ts';

const tags = ['audit'];
const DEFAULT_LIMIT = 20;

/** `/v1/admin/audit`: the tenant's own log for its admins, and below `/installation` every log for operators. */
export function auditRoutes(app: App, database: Database): void {
  tenantRoutes(app, database);
  installationRoutes(app, database);
}

function tenantRoutes(app: App, database: Database): void {
  const config = { access: 'admin' } as const;

  app.get(
    '/v1/admin/audit',
    {
      config,
      schema: {
        tags,
        summary: 'What was done in my tenant that matters for security, newest first',
        querystring: schema.AuditQuery,
        response: { 200: schema.AuditList },
      },
    },
    ({ principal, query }) => sendPage(database, filterOf(query, principal.tenant.id), query),
  );

  app.get(
    '/v1/admin/audit/export',
    {
      config,
      schema: { tags, summary: 'My tenant’s audit log as NDJSON or CSV', querystring: schema.ExportQuery },
    },
    (request, reply) =>
      sendExport(database, request, reply, filterOf(request.query, request.principal.tenant.id), request.query.format),
  );

  app.get(
    '/v1/admin/audit/integrity',
    {
      config,
      schema: {
        tags,
        summary: 'Whether my tenant’s audit log is as it was written',
        response: { 200: schema.IntegrityReply },
      },
    },
    async ({ principal, signal }) =>
      schema.presentIntegrity(await verifyAudit(database.db, principal.tenant.id, signal)),
  );
}

function installationRoutes(app: App, database: Database): void {
  const config = { access: 'operator' } as const;

  app.get(
    '/v1/admin/audit/installation',
    {
      config,
      schema: {
        tags,
        summary: 'What was done in the installation and in every tenant that matters for security, newest first',
        querystring: schema.AllAuditQuery,
        response: { 200: schema.AuditList },
      },
    },
    ({ query }) => sendPage(database, filterOf(query, query.tenant_id ?? null), query),
  );

  app.get(
    '/v1/admin/audit/installation/export',
    {
      config,
      schema: { tags, summary: 'Every audit log as NDJSON or CSV', querystring: schema.AllExportQuery },
    },
    (request, reply) => {
      const { query } = request;
      return sendExport(database, request, reply, filterOf(query, query.tenant_id ?? null), query.format);
    },
  );

  app.get(
    '/v1/admin/audit/installation/integrity',
    {
      config,
      schema: {
        tags,
        summary: 'Whether every audit log is as it was written',
        response: { 200: schema.IntegrityReply },
      },
    },
    async ({ signal }) => schema.presentIntegrity(await verifyAudit(database.db, null, signal)),
  );
}

type FilterQuery = Omit<schema.Filter, 'tenant_id' | 'limit' | 'cursor'>;

function filterOf({ act, actor_id, target_id, from, to }: FilterQuery, tenantId: string | null): AuditFilter {
  return {
    tenantId,
    act,
    actorId: actor_id,
    targetId: target_id,
    from: from === undefined ? undefined : new Date(from),
    to: to === undefined ? undefined : new Date(to),
  };
}

async function sendPage(
  database: Database,
  filter: AuditFilter,
  { limit = DEFAULT_LIMIT, cursor }: { limit?: number; cursor?: string },
) {
  const rows = await listAudit(database, filter, { before: cursor === undefined ? null : idIn(cursor), limit });
  return pageOf(rows, limit, schema.presentEntry, ({ id }) => [id]);
}

function idIn(cursor: string): string {
  return decodeCursor(cursor, ['id'] as const)[0];
}

function sendExport(
  database: Database,
  request: FastifyRequest,
  reply: FastifyReply,
  filter: AuditFilter,
  format: 'ndjson' | 'csv' = 'ndjson',
) {
  const type = format === 'csv' ? 'text/csv' : 'application/x-ndjson';
  reply.header('content-disposition', `attachment; filename="audit.${format}"`).header('cache-control', 'no-store');
  const pages = exportAudit(database, filter, request.signal);
  return reply.type(`${type}; charset=utf-8`).send(Readable.from(written(pages, format)));
}

async function* written(pages: AsyncIterable<AuditEntry[]>, format: 'ndjson' | 'csv'): AsyncGenerator<string> {
  if (format === 'csv') yield CSV_HEAD;
  const line = format === 'csv' ? csvLine : (entry: schema.PresentedEntry) => `${JSON.stringify(entry)}\n`;
  for await (const rows of pages) yield rows.map((row) => line(schema.presentEntry(row))).join('');
}
