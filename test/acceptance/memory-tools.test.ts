import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { scriptedModel } from '../../src/ai/fakes.ts';
import { type TestDatabase, testDatabases } from '../support/databases.ts';
import { startMcpServer } from '../support/mcp-server.ts';
import { type OpenaiApp, type OpenaiUser, openOpenaiApp } from '../support/openai-app.ts';
import { call, calls } from '../support/tool-runs.ts';

let db: TestDatabase;
let app: OpenaiApp;
/** Looks for the boat whatever it is asked, and gives on what it was told. */
const curious = scriptedModel(
  ({ messages }) => {
    const told = messages.findLast(({ role }) => role === 'tool');
    return told ? [`Known: ${told.content}`] : calls(call('recall_memory', { query: 'name of the boat' }));
  },
  { id: 'fake/curious' },
);

beforeAll(async () => {
  db = await (testDatabases().at(-1) as ReturnType<typeof testDatabases>[number]).open();
  app = await openOpenaiApp(
    db.database,
    { 'fake/curious': curious },
    { settings: { RATE_LIMIT_MESSAGES_PER_MINUTE: '6', OUTBOUND_ALLOWED_HOSTS: '127.0.0.1' } },
  );
}, 240_000);
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await db.close();
});

async function connect(token: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(`${app.address}/mcp`), {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
  });
  await client.connect(transport);
  onTestFinished(() => client.close());
  return client;
}

async function send(token: string, path: string, body: object): Promise<{ status: number; body: never }> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(app.address + path, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as never };
}

async function keyOf(user: OpenaiUser, scopes: readonly string[]): Promise<string> {
  const made = await send(user.token, '/v1/api-keys', { name: 'key', scopes });
  return (made.body as { key: string }).key;
}

/** What a new talk of this credential says, whose model may recall. */
async function recalled(token: string, more: object = {}): Promise<string> {
  const session = await send(token, '/v1/sessions', {});
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'text/event-stream' };
  const asked = { input: 'Hm?', model: 'fake/curious', tools: [{ type: 'recall_memory' }], ...more };
  const path = `/v1/sessions/${(session.body as { id: string }).id}/runs`;
  const response = await fetch(app.address + path, { method: 'POST', headers, body: JSON.stringify(asked) });
  const text = await response.text();
  return /^data: (.*"type":"run-end".*)$/m.exec(text)?.[1] ?? text;
}

test('what one program remembers over MCP, another recalls there and a model in the chat; nobody else does', async () => {
  const ann = await app.newUser();
  const client = await connect(ann.token);
  const { tools } = await client.listTools();
  expect(tools.map(({ name, annotations }) => [name, annotations?.readOnlyHint])).toEqual([
    ['search_documents', true],
    ['recall', true],
    ['remember', false],
  ]);
  const kept = await client.callTool({ name: 'remember', arguments: { content: 'The name of the boat is Solveig.' } });
  expect(kept.structuredContent).toMatchObject({ role: 'user', scope: 'private' });
  const query = { query: 'What is the name of the boat?' };
  const found = await (await connect(ann.token)).callTool({ name: 'recall', arguments: query });
  expect(JSON.stringify(found.content)).toContain('Solveig');
  expect(await recalled(ann.token)).toContain('Solveig');

  for (const other of [await app.newUser(ann), await app.newUser()]) {
    const asked = await (await connect(other.token)).callTool({ name: 'recall', arguments: query });
    expect(JSON.stringify(asked)).not.toContain('Solveig');
    expect(await recalled(other.token)).not.toContain('Solveig');
  }
});

test('a program that speaks for many says for whom, and each has a memory apart', async () => {
  const ann = await app.newUser();
  const key = await keyOf(ann, ['read', 'write']);
  const client = await connect(key);
  const words = { content: 'The name of the boat is Marit.', subject: 'customer-1' };
  await client.callTool({ name: 'remember', arguments: words });
  expect(await recalled(key, { memory: { subject: 'customer-1' } })).toContain('Marit');
  expect(await recalled(key, { memory: { subject: 'customer-2' } })).not.toContain('Marit');
  expect(await recalled(key)).toMatch(/"field":"tools.0".*memory.subject/);
  expect(await recalled(key, { memory: { mode: 'off' } })).toContain('ERR_REQUEST_002');
});

test('a key that only reads cannot write memory, and who writes too much is told to wait', async () => {
  const ann = await app.newUser();
  const reading = await connect(await keyOf(ann, ['read']));
  const refused = await reading.callTool({ name: 'remember', arguments: { content: 'No.' } });
  expect(refused).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('scope write') }] });
  const client = await connect(ann.token);
  const remember = (content: string) => client.callTool({ name: 'remember', arguments: { content } });
  for (let count = 0; count < 6; count += 1) expect((await remember(`Fact ${count} is so.`)).isError).toBeFalsy();
  expect(await remember('One more.')).toMatchObject({
    isError: true,
    content: [{ text: expect.stringContaining('Try again in') }],
  });
});

test('a tenant that lets nothing be recalled tells the model so', async () => {
  const ann = await app.newUser();
  expect(await setting(ann.token, { 'memory.recall': false })).toBe(200);
  expect(await recalled(ann.token)).toContain('lets nothing be recalled');
});

test('a tenant’s own tools are there in every dialect whose request names none, and for no neighbour', async () => {
  const ann = await app.newUser();
  const tools = [{ type: 'recall_memory' }, { type: 'search_documents' }, { type: 'mcp', server: 'gone' }];
  expect(await setting(ann.token, { 'tools.default': tools })).toBe(200);
  expect(await setting(ann.token, { 'tools.default': [{ type: 'function' }] })).toBe(422);
  const offered = () =>
    curious.requests
      .at(-1)
      ?.tools?.map(({ name }) => name)
      .sort();

  await recalled(ann.token, { tools: undefined });
  expect(offered()).toEqual(['recall_memory', 'search_documents']);
  await recalled(ann.token, { tools: [] });
  expect(offered()).toBeUndefined();
  const ask = (more: object) =>
    ann.client.chat.completions.create({
      model: 'fake/curious',
      messages: [{ role: 'user', content: 'Hm?' }],
      store: true,
      ...more,
    });
  const answer = await ask({});
  expect(offered()).toEqual(['recall_memory', 'search_documents']);
  // What this program calls by itself is its own affair.
  expect(answer.choices[0]).toMatchObject({
    finish_reason: 'stop',
    message: { content: expect.stringMatching(/^Known/) },
  });
  await ask({ tools: [{ type: 'function', function: { name: 'other' } }] });
  expect(offered()).toEqual(['other']);

  await recalled((await app.newUser()).token, { tools: undefined });
  expect(offered()).toBeUndefined();
});

test('where nobody can be asked, a tool that needs permission is not offered', async () => {
  await using shop = await startMcpServer((server) => {
    const content = [{ type: 'text' as const, text: 'done' }];
    server.registerTool('look', { description: 'Looks.', annotations: { readOnlyHint: true } }, () => ({ content }));
    server.registerTool('buy', { description: 'Buys.' }, () => ({ content }));
  });
  const ann = await app.newUser();
  await send(ann.token, '/v1/mcp-servers', { name: 'shop', url: shop.url });
  expect(await setting(ann.token, { 'tools.default': [{ type: 'mcp', server: 'shop' }] })).toBe(200);
  const offered = () =>
    curious.requests
      .at(-1)
      ?.tools?.map(({ name }) => name)
      .sort();
  await recalled(ann.token, { tools: undefined });
  expect(offered()).toEqual(['shop__buy', 'shop__look']);
  const messages = [{ role: 'user' as const, content: 'Hm?' }];
  await ann.client.chat.completions.create({ model: 'fake/curious', messages });
  expect(offered()).toEqual(['shop__look']);
});

async function setting(token: string, changes: object): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const sent = { method: 'PATCH', headers, body: JSON.stringify(changes) };
  return (await fetch(`${app.address}/v1/tenants/current/settings`, sent)).status;
}
