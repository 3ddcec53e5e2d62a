import { fromJsonSchema } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ModelRequest } from '../src/ai/chat-model.ts';
import { type Script, scriptedModel } from '../src/ai/fakes.ts';
import type { LoggedEvent, RunView } from '../src/features/chat/index.ts';
import { openApp, type TestApp } from './support/app.ts';
import { type TestDatabase, testDatabases } from './support/databases.ts';
import { newAccount } from './support/identity.ts';
import { startMcpServer, type TestMcpServer } from './support/mcp-server.ts';
import { RAISED_LIMITS } from './support/raised-limits.ts';
import { call, calls, resultsOf } from './support/tool-runs.ts';

type ServerView = { id: string; name: string; header_names: string[]; approval: string };

describe.each(testDatabases())('MCP servers of a tenant on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let app: TestApp;
  let mcp: TestMcpServer;
  let script: (request: ModelRequest) => Script = () => ['Nothing'];
  let broken = false;
  const model = scriptedModel((request) => script(request));

  beforeAll(async () => {
    db = await open();
    const models = { resolve: () => model, list: () => [], embedder: null };
    const settings = { ...RAISED_LIMITS, OUTBOUND_ALLOWED_HOSTS: '127.0.0.1' };
    app = await openApp(db.database, settings, { models });
    mcp = await startMcpServer(
      (server) => {
        const number = { type: 'number' } as const;
        const numbers = fromJsonSchema<{ a: number; b: number }>({
          type: 'object',
          properties: { a: number, b: number },
          required: ['a', 'b'],
        });
        const readOnly = { readOnlyHint: true };
        server.registerTool(
          'add',
          { description: 'Adds.', inputSchema: numbers, annotations: readOnly },
          ({ a, b }) => ({
            content: [{ type: 'text', text: String(a + b) }],
          }),
        );
        server.registerTool('fail', { description: 'Fails.', annotations: readOnly }, () => ({
          content: [{ type: 'text', text: 'No such ticket.' }],
          isError: true,
        }));
        server.registerTool('close.ticket', { description: 'Closes.' }, () => ({
          content: [{ type: 'text', text: 'closed' }],
        }));
      },
      (response) => {
        if (broken) response.writeHead(500).end('stack trace of the server');
        return broken;
      },
    );
  });
  beforeEach(() => {
    broken = false;
  });
  afterAll(async () => {
    await mcp[Symbol.asyncDispose]();
    await app[Symbol.asyncDispose]();
    await db.close();
  });

  async function signedUp() {
    const account = newAccount();
    await app.app.inject({ method: 'POST', url: '/v1/auth/register', payload: account });
    const { email, password } = account;
    const login = await app.app.inject({ method: 'POST', url: '/v1/auth/login', payload: { email, password } });
    const { access_token } = login.json<{ access_token: string }>();
    const send = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object) =>
      app.app.inject({
        method,
        url,
        headers: { authorization: `Bearer ${access_token}` },
        ...(payload && { payload }),
      });
    const add = async (more: object = {}) =>
      (await send('POST', '/v1/mcp-servers', { name: 'tickets', url: mcp.url, ...more })).json<ServerView>();
    const begin = async (more: object = {}) => {
      const session = (await send('POST', '/v1/sessions', {})).json<{ id: string }>();
      const tools = [{ type: 'mcp', server: 'tickets' }];
      return send('POST', `/v1/sessions/${session.id}/runs`, { input: 'Do it', tools, ...more });
    };
    const status = async (id: string) => (await send('GET', `/v1/runs/${id}`)).json<RunView>();
    const log = async (id: string): Promise<LoggedEvent[]> =>
      (await send('GET', `/v1/runs/${id}/events`)).body
        .split('\n')
        .flatMap((line) => (line.startsWith('data: ') ? [JSON.parse(line.slice(6)) as LoggedEvent] : []));
    return { send, add, begin, status, log };
  }

  /** The results of a run in which the model calls these tools once. */
  async function resultsIn(user: Awaited<ReturnType<typeof signedUp>>, ...toolCalls: ReturnType<typeof call>[]) {
    script = ({ messages }) => (messages.some(({ role }) => role === 'tool') ? ['Done'] : calls(...toolCalls));
    const run = (await user.begin()).json<RunView>();
    return resultsOf(await user.log(run.id));
  }

  test('are kept with their headers sealed, changed, and deleted', async () => {
    const { send, add } = await signedUp();
    const made = await add({ headers: { Authorization: 'Bearer secret-of-tickets' } });
    expect(made).toMatchObject({ name: 'tickets', header_names: ['Authorization'], approval: 'changes' });
    expect(JSON.stringify(made)).not.toContain('secret-of-tickets');
    const again = await send('POST', '/v1/mcp-servers', { name: 'tickets', url: mcp.url });
    expect(again.json()).toMatchObject({ status: 409, code: 'ERR_TOOL_002' });
    const tools = await send('GET', `/v1/mcp-servers/${made.id}/tools`);
    expect(tools.json().data).toMatchObject([
      { name: 'tickets__add', needs_approval: false },
      { name: 'tickets__fail' },
      { name: expect.stringMatching(/^tickets__close_ticket_[0-9a-f]{8}$/), needs_approval: true },
    ]);
    expect(mcp.requests.at(-1)).toMatchObject({ authorization: 'Bearer secret-of-tickets' });
    await send('PATCH', `/v1/mcp-servers/${made.id}`, { approval: 'never' });
    const moved = await send('PATCH', `/v1/mcp-servers/${made.id}`, { url: 'https://elsewhere.example/mcp' });
    expect(moved.json()).toMatchObject({ approval: 'never', header_names: [] });
    expect((await send('DELETE', `/v1/mcp-servers/${made.id}`)).statusCode).toBe(204);
    expect((await send('GET', '/v1/mcp-servers')).json()).toEqual({ data: [], next_cursor: null });
    const acts = (await send('GET', '/v1/admin/audit')).json<{ data: { act: string }[] }>().data;
    expect(acts.map(({ act }) => act)).toEqual(
      expect.arrayContaining(['mcp-server.create', 'mcp-server.change', 'mcp-server.delete']),
    );
  });

  test('are the tenant’s own: a neighbour sees, changes and calls none of them', async () => {
    const ann = await signedUp();
    const bob = await signedUp();
    const { id } = await ann.add();
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['PATCH', '', { enabled: false }],
      ['DELETE', '', undefined],
      ['GET', '/tools', undefined],
    ] as const) {
      const answer = await bob.send(method, `/v1/mcp-servers/${id}${path}`, body);
      expect(answer.json()).toMatchObject({ status: 404, code: 'ERR_TOOL_001' });
    }
    expect((await bob.send('GET', '/v1/mcp-servers')).json().data).toEqual([]);
    const refused = await bob.begin();
    expect(refused.json()).toMatchObject({ status: 422, errors: [{ field: 'tools.0' }] });
    expect((await ann.send('GET', `/v1/mcp-servers/${id}`)).json()).toMatchObject({ enabled: true });
    expect((await app.app.inject('/v1/mcp-servers')).statusCode).toBe(401);
  });

  test('lend runs their tools: a result, a failure of the tool, and input that does not fit', async () => {
    const user = await signedUp();
    await user.add({ headers: { 'x-key': 'k' } });
    const results = await resultsIn(
      user,
      call('tickets__add', { a: 2, b: 3 }),
      call('tickets__fail'),
      call('tickets__add', { a: 'two' }, 'call-3'),
    );
    expect(results).toHaveLength(3);
    expect(results).toEqual(
      expect.arrayContaining([
        { id: 'call-tickets__add', output: '5' },
        { id: 'call-tickets__fail', error: 'No such ticket.' },
        { id: 'call-3', error: expect.stringContaining('does not fit') },
      ]),
    );
    expect(mcp.requests.at(-1)).toMatchObject({ 'x-key': 'k' });
  });

  test('a tool that changes something is called once the user allows it', async () => {
    const user = await signedUp();
    const { id } = await user.add();
    const offered = (await user.send('GET', `/v1/mcp-servers/${id}/tools`)).json().data as { name: string }[];
    const name = offered[2]?.name ?? '';
    script = ({ messages }) =>
      messages.some(({ role }) => role === 'tool') ? ['Done'] : calls(call(name, {}, 'call-1'));
    const run = (await user.begin()).json<RunView>();
    await expect.poll(async () => (await user.status(run.id)).status).toBe('waiting');
    const decisions = [{ tool_call_id: 'call-1', approved: true }];
    const answer = await user.send('POST', `/v1/runs/${run.id}/tool-approvals`, { decisions });
    expect(answer.statusCode).toBe(202);
    expect(resultsOf(await user.log(run.id))).toEqual([{ id: 'call-1', output: 'closed' }]);
  });

  test('a server that breaks is a value for the model, and its words stay inside', async () => {
    const user = await signedUp();
    const { id } = await user.add();
    expect(await resultsIn(user, call('tickets__add', { a: 1, b: 1 }))).toMatchObject([{ output: '2' }]);
    broken = true;
    // What it offers is remembered, so that the call is made and fails.
    const results = await resultsIn(user, call('tickets__add', { a: 1, b: 1 }));
    expect(results).toEqual([
      {
        id: 'call-tickets__add',
        error: 'The MCP server "tickets" failed. It could not be reached, or did not answer as the protocol says.',
      },
    ]);
    const listed = await user.send('GET', `/v1/mcp-servers/${id}/tools`);
    expect(listed.json()).toMatchObject({ status: 502, code: 'ERR_TOOL_003' });
    expect(listed.body).not.toContain('stack trace');
  });

  test('an address inside our own network is not called', async () => {
    const user = await signedUp();
    const { id } = await user.add({ name: 'metadata', url: 'http://169.254.169.254/latest' });
    const tools = await user.send('GET', `/v1/mcp-servers/${id}/tools`);
    expect(tools.json()).toMatchObject({
      status: 502,
      detail: expect.stringContaining('not an address of the public'),
    });
  });

  test('what is wrong with a server is told by field', async () => {
    const { send } = await signedUp();
    const url = mcp.url;
    const fields = async (body: object) =>
      ((await send('POST', '/v1/mcp-servers', body)).json().errors as { field: string }[]).map(({ field }) => field);
    expect(await fields({ name: 'Not a name', url })).toEqual(['name']);
    expect(await fields({ name: 'a', url: 'ftp://example.com' })).toEqual(['url']);
    expect(await fields({ name: 'a', url, headers: { 'x-key': 'a\nb' } })).toEqual(['headers.x-key']);
    expect(await fields({ name: 'a', url, timeout_ms: 1 })).toEqual(['timeout_ms']);
  });
});
