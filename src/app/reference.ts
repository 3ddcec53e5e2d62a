import { createHash } from 'node:crypto';
import fastifySwagger from '@fastify/swagger';
import scalar from '@scalar/fastify-api-reference';
import type { FastifySchema } from 'fastify';
import { errorTable, requestErrors, STATUS_OF_KIND } from '../platform/http/errors.ts';
import { problemOf } from '../platform/http/problem.ts';
import type { App } from '../platform/http/server.ts';
import { requestExamples, streamExample } from './api-examples.ts';
import { version } from './version.ts';

export const REFERENCE_PATH = '/docs';

/** The reference's page starts itself by a script within the page: that script, by its hash, and no other. Its styles are
 * made while it runs. */
function contentPolicy(page: string): string {
  return [
    "default-src 'self'",
    ["script-src 'self'", ...inlineScripts(page).map((script) => `'sha256-${sha256(script)}'`)].join(' '),
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function inlineScripts(page: string): string[] {
  return [...page.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(([, script = '']) => script);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

const DESCRIPTION = `Self-hosted backend for AI chat products.

**Credentials.** Log in at \`/v1/auth/login\` and send \`Authorization: Bearer <access_token>\`, or make an API key and send it the same way or as \`X-API-Key\`.

**Errors** are problem documents (RFC 9457) with a stable \`code\`; the table of all codes is at [/docs/errors](/docs/errors).

**Lists** are \`{data, next_cursor}\`; send \`next_cursor\` back as \`cursor\`.

**Versions.** The address carries the version. Within \`/v1\` fields are only added; what is taken away is announced with \`Deprecation\` and \`Sunset\` headers first.`;

export async function describeApi(app: App): Promise<void> {
  await app.register(fastifySwagger, {
    transform: ({ schema, url, route }) => ({
      // Who needs no credential is told so, and nobody has to remember it.
      schema: {
        ...withExamples(schema, url, String(route.method)),
        ...(route.config?.access === 'public' && { security: [] }),
      },
      url,
    }),
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Parley', version, description: DESCRIPTION, license: { name: 'Apache-2.0' } },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'An access token or an API key.' },
          apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        },
      },
      security: [{ bearer: [] }, { apiKey: [] }],
    },
  });
}

const PROBLEM = {
  description: 'What went wrong, as a problem document (RFC 9457).',
  content: {
    'application/problem+json': {
      schema: {
        type: 'object',
        properties: {
          type: { type: 'string' },
          title: { type: 'string' },
          status: { type: 'integer' },
          detail: { type: 'string' },
          code: { type: 'string' },
          request_id: { type: 'string' },
          errors: {
            type: 'array',
            items: { type: 'object', properties: { field: { type: 'string' }, message: { type: 'string' } } },
          },
        },
      },
      example: problemOf(
        requestErrors.invalid('input must not be blank', {
          fields: [{ field: 'input', message: 'must not be blank' }],
        }),
        '01890a5d-ac96-774b-bcce-b302099a8057',
      ),
    },
  },
};
const STREAM = {
  description: 'The run’s events, when `text/event-stream` is accepted.',
  content: { 'text/event-stream': { schema: { type: 'string' }, example: streamExample } },
};
const STREAMED = new Set(['POST /v1/sessions/:id/runs', 'GET /v1/runs/:id/events']);

type BodySchema = { content?: Record<string, { schema: object }> };

/** A route that takes several content types has a schema for each. */
function exampleBody(body: BodySchema, example: unknown): object {
  const json = body.content?.['application/json'];
  if (!json) return { ...body, examples: [example] };
  const content = { ...body.content, 'application/json': { schema: { ...json.schema, examples: [example] } } };
  return { ...body, content };
}

/** What every operation has: an example of its body, its stream if it has one, and the form of its errors. */
function withExamples(schema: FastifySchema, url: string, method: string): FastifySchema {
  if (schema.hide) return schema;
  const name = `${method} ${url}`;
  const example = requestExamples[name];
  return {
    ...schema,
    ...(example !== undefined && { body: exampleBody(schema.body as BodySchema, example) }),
    response: { ...(schema.response as object), ...(STREAMED.has(name) && { 200: STREAM }), '4XX': PROBLEM },
  };
}

/** `/openapi.json`, the reference page at `/docs` and the table of errors at `/docs/errors`. */
export async function serveReference(app: App): Promise<void> {
  const config = { access: 'public' } as const;
  app.get('/openapi.json', { config, schema: { hide: true } }, async () => app.swagger());
  app.get('/docs/errors', { config, schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/markdown; charset=utf-8').send(errorReference()),
  );
  app.addHook('onSend', async (request, reply, payload) => {
    if (!request.routeOptions.url?.startsWith(REFERENCE_PATH)) return;
    const isPage = typeof payload === 'string' && String(reply.getHeader('content-type')).startsWith('text/html');
    const policy = contentPolicy(isPage ? payload : '');
    reply.headers({ 'content-security-policy': policy, 'cache-control': 'public, max-age=600' });
  });
  await app.register(scalar, {
    routePrefix: REFERENCE_PATH,
    configuration: { url: '/openapi.json', title: 'Parley API', withDefaultFonts: false, telemetry: false },
  });
}

/** The table of every error that a client may meet, as Markdown. */
export function errorReference(): string {
  const rows = errorTable().map(
    ({ code, kind, title, example }) => `| \`${code}\` | ${STATUS_OF_KIND[kind]} | ${title} | ${example} |`,
  );
  return [
    '# Errors',
    '',
    'Every error is a problem document (RFC 9457). `code` is stable. Generated from the program by `parley env --errors`.',
    '',
    '| Code | Status | Title | Example of `detail` |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
