import { Readable } from 'node:stream';
import type { App } from '../../platform/http/server.ts';
import { ExportQuery, FactChange, FactPage, FactQuery, FactView, MemoryStats, NewFact } from './facts/fact.schema.ts';
import { IdParams, SubjectQuery } from './memory.schema.ts';
import type { Memory } from './memory.ts';

const tags = ['Memory'];

/** `/v1/memory/facts`, `/v1/memory/export` and `/v1/memory/stats`. */
export function factRoutes(app: App, memory: Memory): void {
  factListRoutes(app, memory);
  ownRoutes(app, memory);
}

function factListRoutes(app: App, { facts }: Memory): void {
  app.get(
    '/v1/memory/facts',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'What is known of a person',
        description:
          'Drawn from their messages by rules, each with the message that says so, or written down by hand. A later statement takes the place of the earlier; `history` shows both, `as_of` what held then.',
        querystring: FactQuery,
        response: { 200: FactPage },
      },
    },
    async ({ principal, query }) => facts.list(principal, query),
  );
  app.post(
    '/v1/memory/facts',
    {
      config: { access: 'member' },
      schema: { tags, summary: 'Write a fact down', body: NewFact, response: { 201: FactView } },
    },
    async (request, reply) => {
      const { principal, body } = request;
      return reply.code(201).send(await request.once(() => facts.create(principal, body)));
    },
  );
  app.put(
    '/v1/memory/facts/:id',
    {
      config: { access: 'member' },
      schema: {
        tags,
        summary: 'Correct a fact; what it was is kept in its history',
        params: IdParams,
        body: FactChange,
        response: { 200: FactView },
      },
    },
    async ({ principal, params, body }) => facts.correct(principal, params.id, body.value),
  );
  app.delete(
    '/v1/memory/facts/:id',
    { config: { access: 'member' }, schema: { tags, summary: 'Delete a fact', params: IdParams } },
    async ({ principal, params }, reply) => {
      await facts.remove(principal, params.id);
      return reply.code(204).send();
    },
  );
}

/** Longest time for an export, ms. */
const EXPORT_TIMEOUT_MS = 120_000;

function ownRoutes(app: App, { exports }: Memory): void {
  app.get(
    '/v1/memory/export',
    {
      config: { access: 'viewer', timeout: EXPORT_TIMEOUT_MS },
      schema: { tags, summary: 'All that is remembered of a person, to download', querystring: ExportQuery },
    },
    async ({ principal, query, signal }, reply) => {
      const { format = 'json', subject } = query;
      const pieces = exports[format](principal, subject, signal);
      return reply
        .type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8')
        .header('content-disposition', `attachment; filename="memory.${format}"`)
        .send(Readable.from(pieces));
    },
  );
  app.get(
    '/v1/memory/stats',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'How much is remembered, how much of it is junk, and where embeddings stand',
        querystring: SubjectQuery,
        response: { 200: MemoryStats },
      },
    },
    async ({ principal, query }) => exports.stats(principal, query.subject),
  );
}
