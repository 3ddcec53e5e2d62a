import { createHash } from 'node:crypto';
import { validate } from '@scalar/openapi-parser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requestExamples } from '../../src/app/api-examples.ts';
import { compileValidator } from '../../src/platform/http/validation.ts';
import { type TestDatabase, testDatabases } from '../support/databases.ts';
import { type ServedApp, startApp } from '../support/served-app.ts';

type Operation = {
  summary?: string;
  tags?: string[];
  requestBody?: { content: Record<string, { schema: object; examples?: object; example?: unknown }> };
  responses: Record<string, unknown>;
};
type Api = { openapi: string; paths: Record<string, Record<string, Operation>> };

const embedded = testDatabases().filter(({ kind }) => kind === 'embedded');

describe.each(embedded)('the API’s own description', ({ open }) => {
  let db: TestDatabase;
  let served: ServedApp;
  let api: Api;

  beforeAll(async () => {
    db = await open();
    served = await startApp(db);
    api = (await (await fetch(`${served.url}/openapi.json`)).json()) as Api;
  });
  afterAll(async () => {
    await served.stop();
    await db.close();
  });

  const operations = () =>
    Object.entries(api.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
    );

  test('is a valid OpenAPI 3.1 document', async () => {
    expect(api.openapi).toMatch(/^3\.1\./);
    const { valid, errors } = await validate(api as Record<string, unknown>);
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  test('says of every operation what it does and how it fails', () => {
    const silent = operations().filter(({ operation }) => !operation.summary || !operation.responses['4XX']);
    expect(silent.map(({ name }) => name)).toEqual([]);
    expect(operations().length).toBeGreaterThan(25);
  });

  test('gives an example of every JSON body of our own API', () => {
    const without = operations().filter(({ name, operation }) => {
      const body = operation.requestBody?.content['application/json'];
      return name.includes(' /v1/') && body && !body.examples && body.example === undefined && !isDialect(name);
    });
    expect(without.map(({ name }) => name)).toEqual([]);
  });

  test.each(Object.entries(requestExamples))('the example of %s is accepted by its own schema', (name, example) => {
    const [method = '', url = ''] = name.split(' ');
    const schema = bodySchema(served, method, url);
    const isValid = compileValidator({ schema, httpPart: 'body', method, url });
    expect([isValid(example), isValid.errors]).toEqual([true, null]);
  });

  test('has a page for people, which needs nothing from elsewhere', async () => {
    const page = await fetch(`${served.url}/docs/`);
    expect(page.status).toBe(200);
    const html = await page.text();
    expect(html).not.toMatch(/(?:src|href)="https?:/);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'self'");
    const [scripts] = policy.split('; ').filter((part) => part.startsWith('script-src'));
    expect(scripts).not.toContain('unsafe');
    const inline = [...html.matchAll(/<script(?: type="text\/javascript")?>([\s\S]*?)<\/script>/g)];
    expect(inline.length).toBeGreaterThan(0);
    for (const [, script = ''] of inline) {
      const hash = createHash('sha256').update(script).digest('base64');
      expect(scripts).toContain(`'sha256-${hash}'`);
    }
  });

  test('has the table of every error code', async () => {
    const table = await (await fetch(`${served.url}/docs/errors`)).text();
    expect(table).toMatch(/\| `ERR_CHAT_001` \| 404 \|/);
  });
});

function bodySchema({ app }: ServedApp, method: string, url: string): object {
  const description = app.swagger() as unknown as Api;
  const path = url.replaceAll(/:(\w+)/g, '{$1}');
  const content = description.paths[path]?.[method.toLowerCase()]?.requestBody?.content ?? {};
  const schema = content['application/json']?.schema;
  if (!schema) throw new Error(`${method} ${url} takes no JSON.`);
  return schema;
}

/** Other people's dialects are described where they come from. */
function isDialect(name: string): boolean {
  return /\/v1\/(?:chat\/completions|responses|conversations|embeddings|models|chatkit|ai-sdk)/.test(name);
}
