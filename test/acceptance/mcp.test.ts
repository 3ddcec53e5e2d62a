import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { scriptedModel } from '../../src/ai/fakes.ts';
import { anyTestDatabase, type TestDatabase } from '../support/databases.ts';
import { endWithTests } from '../support/keeper.ts';
import { type OpenaiApp, type OpenaiUser, openOpenaiApp } from '../support/openai-app.ts';

const ACCEPT = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

describe.each(anyTestDatabase())('MCP on the $kind database', { timeout: 180_000 }, ({ open }) => {
  let db: TestDatabase;
  let app: OpenaiApp;
  let ann: OpenaiUser;

  beforeAll(async () => {
    db = await open();
    const hello = scriptedModel(['Hello!'], { id: 'fake/hello' });
    const settings = { TRUSTED_HOSTS: 'localhost,127.0.0.1' };
    app = await openOpenaiApp(db.database, { 'fake/hello': hello }, { settings });
    ann = await app.newUser();
  });
  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await db.close();
  });

  /** The official client, unmodified. */
  async function connect(user = ann, pin?: string): Promise<Client> {
    const client = new Client({ name: 'test', version: '1' }, pin ? { versionNegotiation: { mode: { pin } } } : {});
    const transport = new StreamableHTTPClientTransport(new URL(`${app.address}/mcp`), {
      requestInit: { headers: { authorization: `Bearer ${user.token}` } },
    });
    await client.connect(transport);
    onTestFinished(() => client.close());
    return client;
  }

  const rpc = (method: string, params: object = {}, headers: Record<string, string> = {}, user = ann) =>
    fetch(`${app.address}/mcp`, {
      method: 'POST',
      headers: { ...ACCEPT, authorization: `Bearer ${user.token}`, ...headers },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });

  async function addDocument(user: OpenaiUser, title: string, content: string): Promise<void> {
    const { services } = app;
    const headers = { authorization: `Bearer ${user.token}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ title, content });
    const made = await fetch(`${app.address}/v1/documents`, { method: 'POST', headers, body });
    const { id } = (await made.json()) as { id: string };
    const me = (await (await fetch(`${app.address}/v1/auth/me`, { headers })).json()) as {
      tenant: { id: string; slug: string };
    };
    await services.documents.ingest(me.tenant, id, new AbortController().signal);
  }

  async function ask(user: OpenaiUser, input: string): Promise<string> {
    const headers = { authorization: `Bearer ${user.token}`, 'content-type': 'application/json' };
    const made = await fetch(`${app.address}/v1/sessions`, {
      method: 'POST',
      headers,
      body: '{"title":"Lighthouses"}',
    });
    const { id } = (await made.json()) as { id: string };
    const body = JSON.stringify({ input, model: 'fake/hello' });
    const stream = { ...headers, accept: 'text/event-stream' };
    await (await fetch(`${app.address}/v1/sessions/${id}/runs`, { method: 'POST', headers: stream, body })).text();
    return id;
  }

  test('the client finds and calls the tool, and what is wrong with a call is an answer for its model', async () => {
    await addDocument(ann, 'Lighthouse', 'The lighthouse of Utklippan is 31 metres tall and was built in 1840.');
    const client = await connect();
    expect(client.getServerVersion()).toMatchObject({ name: 'parley' });
    const { tools } = await client.listTools();
    expect(tools[0]).toMatchObject({ name: 'search_documents', annotations: { readOnlyHint: true } });
    const found = await client.callTool({ name: 'search_documents', arguments: { query: 'How tall is Utklippan?' } });
    expect(found.content).toMatchObject([{ type: 'text', text: expect.stringContaining('31 metres') }]);
    expect(found.structuredContent).toMatchObject({ data: [{ title: 'Lighthouse' }] });
    const wrong = await client.callTool({ name: 'search_documents', arguments: { query: ' ', top_k: 'many' } });
    expect(wrong).toMatchObject({ isError: true });
    expect(JSON.stringify(wrong.content)).toMatch(/query must not be blank.*top_k must be integer/);
    await expect(client.callTool({ name: 'no_such_tool', arguments: {} })).rejects.toThrow('no_such_tool');
  });

  test('sessions are resources: listed in pages, described by a template, read as text', async () => {
    const ids = [await ask(ann, 'How tall?'), await ask(ann, 'How old?')];
    const client = await connect();
    const { resources } = await client.listResources();
    expect(resources.slice(0, 2).map(({ uri }) => uri)).toEqual(
      ids.toReversed().map((id) => `parley://sessions/${id}`),
    );
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates).toMatchObject([{ uriTemplate: 'parley://sessions/{id}' }]);
    const { contents } = await client.readResource({ uri: `parley://sessions/${ids[0]}` });
    expect(contents).toMatchObject([
      { mimeType: 'text/markdown', text: expect.stringMatching(/# Lighthouses.*How tall\?.*Hello!/s) },
    ]);
    await expect(client.readResource({ uri: 'file:///etc/passwd' })).rejects.toThrow();
    await expect(client.listResources({ cursor: 'nonsense' })).rejects.toThrow('cursor');
  });

  test('a neighbour finds, lists and reads nothing of it', async () => {
    await addDocument(ann, 'Secret', 'The password of the lighthouse is swordfish.');
    const id = await ask(ann, 'Mine?');
    for (const [stranger, sharesDocuments] of [
      [await app.newUser(), false],
      [await app.newUser(ann), true],
    ] as const) {
      const client = await connect(stranger);
      const found = await client.callTool({
        name: 'search_documents',
        arguments: { query: 'password of the lighthouse' },
      });
      expect(JSON.stringify(found.content).includes('swordfish')).toBe(sharesDocuments);
      expect((await client.listResources()).resources).toEqual([]);
      await expect(client.readResource({ uri: `parley://sessions/${id}` })).rejects.toThrow();
    }
  });

  test.each(['2025-03-26', '2025-06-18', '2025-11-25'])(
    'revision %s is spoken, and one that is unknown gets ours',
    async (version) => {
      const params = { protocolVersion: version, capabilities: {}, clientInfo: { name: 'x', version: '1' } };
      expect(await resultOf(await rpc('initialize', params))).toMatchObject({ result: { protocolVersion: version } });
      const unknown = await resultOf(await rpc('initialize', { ...params, protocolVersion: '1999-01-01' }));
      expect(unknown).toMatchObject({ result: { protocolVersion: expect.stringMatching(/^20\d\d-/) } });
      const listed = await resultOf(await rpc('tools/list', {}, { 'mcp-protocol-version': version }));
      expect(listed).toMatchObject({ result: { tools: [{ name: 'search_documents' }, { name: 'recall' }, {}] } });
      expect((await rpc('tools/list', {}, { 'mcp-protocol-version': '1999-01-01' })).status).toBe(400);
    },
  );

  test('the revision of 2026 is spoken, too', async () => {
    const client = await connect(ann, '2026-07-28');
    expect((await client.listTools()).tools).toHaveLength(3);
  });

  test('a client without a credential learns how to come by one, and nothing else', async () => {
    const response = await fetch(`${app.address}/mcp`, { method: 'POST', headers: ACCEPT, body: '{}' });
    expect(response.status).toBe(401);
    const [, address = ''] = /resource_metadata="([^"]+)"/.exec(response.headers.get('www-authenticate') ?? '') ?? [];
    expect(address).toBe(`${app.address}/.well-known/oauth-protected-resource/mcp`);
    const metadata = await (await fetch(address)).json();
    expect(metadata).toMatchObject({ resource: `${app.address}/mcp`, bearer_methods_supported: ['header'] });
    expect(await response.json()).toMatchObject({
      jsonrpc: '2.0',
      id: null,
      error: { data: { code: 'ERR_AUTH_004' } },
    });
    const bad = await rpc('ping', {}, { authorization: 'Bearer nonsense' });
    expect([bad.status, bad.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('invalid_token')]);
  });

  test('pages of foreign origins are refused, and what is not offered says so', async () => {
    expect((await rpc('ping', {}, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await rpc('ping', {}, { origin: app.address })).status).toBe(200);
    const headers = { authorization: `Bearer ${ann.token}`, accept: 'text/event-stream' };
    expect((await fetch(`${app.address}/mcp`, { headers })).status).toBe(405);
    expect((await fetch(`${app.address}/mcp`, { method: 'DELETE', headers })).status).toBe(405);
    const broken = await fetch(`${app.address}/mcp`, { method: 'POST', headers: { ...ACCEPT, ...headers }, body: '{' });
    expect([broken.status, await broken.json()]).toMatchObject([400, { error: { code: -32700 } }]);
    expect(await resultOf(await rpc('prompts/list'))).toMatchObject({ error: { code: -32601 } });
  });

  test.each(SCENARIOS)('the official conformance test %s passes', async (scenario) => {
    const { url, close } = await withCredential(app.address, ann.token);
    onTestFinished(close);
    const child = spawn(process.execPath, [CONFORMANCE, 'server', '--url', url, '--scenario', scenario], {
      stdio: 'pipe',
    });
    endWithTests(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (piece) => {
        output += piece;
      });
    }
    const [code] = await once(child, 'exit');
    expect([code, output]).toEqual([0, expect.stringMatching(/Passed: [1-9]\d*\/\d+, 0 failed/)]);
  });
});

/** Of an answer in one piece, or as an event stream. */
async function resultOf(response: Response): Promise<unknown> {
  const text = await response.text();
  return JSON.parse(/^data: (.+)$/m.exec(text)?.[1] ?? text);
}

/** Those of what is offered: the others ask for tools, prompts and resources of their own making. */
const SCENARIOS = ['server-initialize', 'ping', 'tools-list', 'resources-list', 'dns-rebinding-protection'];
const CONFORMANCE = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url),
);

/** A server behind a forwarder that adds a credential: the conformance client has no way to send one. */
async function withCredential(address: string, token: string): Promise<{ url: string; close(): void }> {
  const { port } = new URL(address);
  const forwarder = createServer((incoming, outgoing) => {
    const headers: IncomingHttpHeaders = { ...incoming.headers, authorization: `Bearer ${token}` };
    const options = { host: '127.0.0.1', port, path: incoming.url, method: incoming.method, headers };
    incoming.pipe(
      httpRequest(options as object, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      }),
    );
  });
  await once(forwarder.listen(0, 'localhost'), 'listening');
  const close = () => {
    forwarder.closeAllConnections();
    forwarder.close();
  };
  return { url: `http://localhost:${(forwarder.address() as AddressInfo).port}/mcp`, close };
}
