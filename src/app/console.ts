import { existsSync } from 'node:fs';
import fastifyStatic from '@fastify/static';
import type { App } from '../platform/http/server.ts';

const CONTENT_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const PAGES = [
  '/',
  '/sign-in',
  '/sign-in/callback',
  '/register',
  '/forgot-password',
  '/reset-password',
  '/verify-email',
  '/invitation',
  '/readiness',
  '/readiness/*',
  '/sessions',
  '/sessions/*',
  '/documents',
  '/documents/*',
  '/account',
  '/members',
  '/audit',
  '/repositories',
  '/repositories/*',
  '/usage',
  '/memory',
  '/memory/*',
  '/retention',
];

const YEAR = 'public, max-age=31536000, immutable';

/** Addresses that the console's own router answers. */

/** Serves the console's pages and, below /assets, its files, which are named by their content. */
export async function serveConsole(app: App, folder: string): Promise<void> {
  const config = { access: 'public', limit: 'none' } as const;
  if (!existsSync(`${folder}/index.html`)) {
    app.get('/', { config, schema: { hide: true } }, async (_request, reply) =>
      reply
        .type('text/plain')
        .send(
          'The console is not built. Build it with: npx vite build console\nThe reference of the API is at /docs.\n',
        ),
    );
    return;
  }
  await app.register(fastifyStatic, { root: folder, serve: false, index: false, cacheControl: false });
  const sendPage = { config, schema: { hide: true } };
  for (const url of PAGES) {
    app.get(url, sendPage, async (_request, reply) =>
      reply
        .header('content-security-policy', CONTENT_POLICY)
        .header('cache-control', 'no-cache')
        .sendFile('index.html'),
    );
  }
  app.get('/assets/*', { config, schema: { hide: true } }, async (request, reply) => {
    const { '*': path } = request.params as { '*': string };
    return reply.header('cache-control', YEAR).sendFile(`assets/${path}`);
  });
  for (const file of ['favicon.svg', 'color-scheme.js']) {
    app.get(`/${file}`, sendPage, async (_request, reply) => reply.header('cache-control', 'no-cache').sendFile(file));
  }
}
