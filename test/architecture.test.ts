import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { type Architecture, checkArchitecture } from './support/architecture/check-architecture.ts';
import { findCycles } from './support/architecture/import-cycles.ts';
import { readSourceFile } from './support/architecture/source-file.ts';

/** The tables that ARCHITECTURE.md shows. A new arrow is a decision: change it there, too. */
const architecture: Architecture = {
  rooms: ['app', 'protocols', 'features', 'ai', 'platform', 'lib'],
  featureArrows: {
    tenancy: [],
    identity: ['tenancy'],
    usage: ['tenancy', 'identity'],
    embeddings: ['tenancy', 'identity', 'usage'],
    memory: ['tenancy', 'identity', 'usage', 'embeddings'],
    documents: ['tenancy', 'identity', 'usage', 'embeddings'],
    code: ['tenancy', 'identity', 'usage'],
    chat: ['tenancy', 'identity', 'memory', 'documents', 'code', 'usage'],
    tools: ['tenancy', 'identity'],
    readiness: [],
    operations: ['tenancy', 'identity', 'memory', 'documents', 'code', 'usage', 'chat'],
  },
  packages: {
    '@ai-sdk/anthropic': ['src/ai/'],
    '@ai-sdk/provider': ['src/ai/'],
    '@aws-sdk/client-s3': ['src/platform/storage/'],
    '@aws-sdk/client-secrets-manager': ['src/app/secret-sources/'],
    '@electric-sql/pglite': ['src/platform/database/embedded/'],
    '@electric-sql/pglite-pgvector': ['src/platform/database/embedded/'],
    '@electric-sql/pglite-prepopulatedfs': ['src/platform/database/embedded/'],
    '@fastify/multipart': ['src/app/', 'src/platform/http/', '*.routes.ts'],
    '@fastify/static': ['src/app/'],
    '@fastify/swagger': ['src/app/'],
    '@fastify/type-provider-typebox': ['src/platform/http/'],
    '@modelcontextprotocol/client': ['src/features/tools/mcp/'],
    '@modelcontextprotocol/server': ['src/protocols/mcp/'],
    '@node-rs/argon2': ['src/features/identity/password/'],
    '@node-rs/bcrypt': ['src/features/identity/password/'],
    '@opentelemetry/api': ['src/platform/telemetry/otlp-tracing.ts'],
    '@opentelemetry/exporter-trace-otlp-http': ['src/platform/telemetry/otlp-tracing.ts'],
    '@opentelemetry/resources': ['src/platform/telemetry/otlp-tracing.ts'],
    '@opentelemetry/sdk-trace': ['src/platform/telemetry/otlp-tracing.ts'],
    '@scalar/fastify-api-reference': ['src/app/'],
    '@zxcvbn-ts/language-common': ['src/features/identity/password/'],
    '@vscode/tree-sitter-wasm': ['src/features/code/measure/structure/parse.ts'],
    ajv: ['src/platform/http/', 'src/platform/json-schema/'],
    'ajv-formats': ['src/platform/http/'],
    commander: ['src/app/command-line.ts'],
    'fast-json-stringify': ['src/platform/http/'],
    fastify: ['src/app/', 'src/protocols/', 'src/platform/http/', '*.routes.ts'],
    htmlparser2: ['src/features/documents/extraction/'],
    nodemailer: ['src/platform/mail/'],
    'openid-client': ['src/features/identity/oauth/'],
    ioredis: ['src/platform/redis/'],
    jose: ['src/features/identity/token/'],
    kysely: ['src/platform/database/', 'src/platform/queue/', '*.store.ts'],
    'pdfjs-dist': ['src/features/documents/extraction/'],
    pg: ['src/platform/database/', 'src/platform/queue/'],
    'pg-boss': ['src/platform/queue/'],
    pino: ['src/platform/telemetry/'],
    'pino-pretty': ['src/platform/telemetry/'],
    'postal-mime': ['src/features/documents/extraction/'],
    'prom-client': ['src/platform/telemetry/'],
    'rate-limiter-flexible': ['src/platform/limits/'],
    typebox: ['src/protocols/', 'src/platform/http/', '*.schema.ts', '*.routes.ts'],
    undici: ['src/platform/http/guarded-fetch.ts'],
    uuid: ['src/platform/id.ts'],
    ws: ['src/platform/http/', 'src/protocols/websocket/'],
  },
  environmentReaders: ['src/app/config.ts'],
  outside: ['package.json'],
  exceptions: [],
};

/** The texts of all files that a pattern names, by their paths. */
async function readTree(pattern: string): Promise<Map<string, string>> {
  const root = join(import.meta.dirname, '..');
  const paths = await Array.fromAsync(glob(pattern, { cwd: root }));
  return new Map(
    await Promise.all(paths.map(async (path) => [path, await readFile(join(root, path), 'utf8')] as const)),
  );
}

test('every import of src/ goes the way that ARCHITECTURE.md says', async () => {
  const tree = await readTree('src/**/*.ts');
  expect(tree.size).toBeGreaterThan(100);
  expect(checkArchitecture(tree, architecture).join('\n')).toBe('');
});

// Not a rule of the linter: its own search for cycles takes 40 times as long as all its other rules together.
test('no file of the console imports itself through others', async () => {
  const tree = await readTree('console/src/**/*.{ts,tsx}');
  expect(tree.size).toBeGreaterThan(50);
  expect(findCycles([...tree].map(([path, text]) => readSourceFile(path, text)))).toEqual([]);
});

test('the table names no package that the program does not have', () => {
  const gone = Object.keys(architecture.packages).filter((name) => !(name in packageJson.dependencies));
  expect(gone).toEqual([]);
});
