import type { AddressInfo } from 'node:net';
import type { RouteEntry } from '../../../src/platform/http/access.ts';
import { type Frame, WebSocketClient } from '../web-socket-client.ts';
import type { MatrixReport } from './matrix.ts';
import { newDocument, newMemory, newRun, newSession } from './ownership.ts';
import { ACTORS, type Actor, MARKS, type World } from './world.ts';

/**
 * The operations inside of dialects, where one address does many things: ChatKit's by `type`, MCP's methods and tools,
 * frames of the WebSocket. The protocol modules say in `config.operations` which there are; each needs a line below.
 */
type Operation = {
  /** The least role that it needs. */
  role: 'viewer' | 'member';
  /** `own`: about something of `maker`'s, which all others are refused. `all`: everybody gets their own part of it. */
  about: 'own' | 'all';
  /** What is sent, about something of `maker`'s that is made for it. */
  make(world: World): Promise<object>;
};

type Line = readonly [role: Operation['role'], about: Operation['about'], make: Operation['make']];

const threadOf = async (world: World) => ({ thread_id: (await newSession(world)).id });
const nothing = async () => ({});
const input = { content: [{ type: 'input_text', text: 'hello' }], attachments: [], inference_options: {} };

/** The thread of a run that has ended, with the id of its question, or of its answer. */
async function answered(world: World, of: 'user' | 'assistant' = 'user') {
  const { id } = await newRun(world);
  // Its events are told to their end.
  await world.app.inject({ url: `/v1/runs/${id}/events`, headers: world.headers.maker });
  const { session_id } = await world.get<{ session_id: string }>('maker', `/v1/runs/${id}`);
  const { data } = await world.get<{ data: { id: string; role: string }[] }>(
    'maker',
    `/v1/sessions/${session_id}/messages`,
  );
  return { thread_id: session_id, item_id: `msg_${data.find(({ role }) => role === of)?.id}`, run_id: id };
}

async function attachmentOf(world: World) {
  const params = { name: 'notes.txt', size: 5, mime_type: 'text/plain' };
  const { id } = await world.post<{ id: string }>('maker', '/v1/chatkit', { type: 'attachments.create', params });
  return { attachment_id: id };
}

const action = { type: 'press', payload: {} };

const CHATKIT: Readonly<Record<string, Line>> = {
  'threads.create': ['member', 'all', async () => ({ input })],
  'threads.add_user_message': ['member', 'own', async (world) => ({ ...(await threadOf(world)), input })],
  'threads.add_client_tool_output': ['member', 'own', async (world) => ({ ...(await threadOf(world)), result: {} })],
  'threads.add_structured_input': [
    'member',
    'own',
    async (world) => ({ ...(await answered(world)), input: { status: 'skipped' } }),
  ],
  'threads.retry_after_item': ['member', 'own', (world) => answered(world)],
  'threads.custom_action': ['member', 'own', async (world) => ({ ...(await threadOf(world)), action })],
  'threads.sync_custom_action': ['member', 'own', async (world) => ({ ...(await threadOf(world)), action })],
  'threads.get_by_id': ['viewer', 'own', threadOf],
  'threads.list': ['viewer', 'all', nothing],
  'threads.update': ['member', 'own', async (world) => ({ ...(await threadOf(world)), title: 'renamed' })],
  'threads.delete': ['member', 'own', threadOf],
  'items.list': ['viewer', 'own', (world) => answered(world)],
  'items.feedback': [
    'member',
    'own',
    async (world) => {
      const { thread_id, item_id } = await answered(world, 'assistant');
      return { thread_id, item_ids: [item_id], kind: 'positive' };
    },
  ],
  'attachments.create': ['member', 'all', async () => ({ name: 'a.txt', size: 1, mime_type: 'text/plain' })],
  'attachments.delete': ['member', 'own', attachmentOf],
  'input.transcribe': ['member', 'all', async () => ({ audio_base64: 'AAAA', mime_type: 'audio/webm' })],
};

const MCP: Readonly<Record<string, Line>> = {
  initialize: [
    'viewer',
    'all',
    async () => ({ protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'matrix', version: '1' } }),
  ],
  ping: ['viewer', 'all', nothing],
  'tools/list': ['viewer', 'all', nothing],
  'resources/templates/list': ['viewer', 'all', nothing],
  'resources/list': ['viewer', 'all', nothing],
  'resources/read': [
    'viewer',
    'own',
    async (world) => ({ uri: `parley://sessions/${(await answered(world)).thread_id}` }),
  ],
  'tools/call search_documents': [
    'viewer',
    'all',
    async (world) => {
      await newDocument(world);
      return { name: 'search_documents', arguments: { query: 'something' } };
    },
  ],
  'tools/call recall': ['viewer', 'all', async () => ({ name: 'recall', arguments: { query: 'something' } })],
  'tools/call remember': ['member', 'all', async () => ({ name: 'remember', arguments: { content: 'hello' } })],
};

const WEBSOCKET: Readonly<Record<string, Line>> = {
  message: ['member', 'own', async (world) => ({ message: 'hello', session_id: (await newSession(world)).id })],
  resume: ['member', 'own', async (world) => ({ run_id: (await newRun(world)).id })],
  cancel: ['member', 'own', async (world) => ({ run_id: (await newRun(world)).id })],
  ping: ['member', 'all', nothing],
};

/** Told what others remember, of which there is something: everybody hears of their own and of what the tenant shares. */
const LIVE_MEMORY: Readonly<Record<string, Line>> = {
  subscribe: ['viewer', 'all', async (world) => (await newMemory(world)) && { after: 0 }],
  unsubscribe: ['viewer', 'all', async () => ({ subscription: 1 })],
  search: ['viewer', 'all', async (world) => (await newMemory(world)) && { query: Object.values(MARKS).join(' ') }],
  ping: ['viewer', 'all', nothing],
};

/** What came of an operation: `refused` with the dialect's own error, whatever HTTP says. */
type Outcome = { kind: 401 | 403 | 'refused' | 'served'; told: string };

type Dialect = {
  url: string;
  operations: Readonly<Record<string, Line>>;
  send(world: World, actor: Actor, operation: string, params: object): Promise<Outcome>;
};

const DIALECTS: readonly Dialect[] = [
  { url: '/v1/chatkit', operations: CHATKIT, send: sendChatkit },
  { url: '/mcp', operations: MCP, send: sendMcp },
  { url: '/v1/ws/chat', operations: WEBSOCKET, send: sendFrame },
  { url: '/v1/ws/memory', operations: LIVE_MEMORY, send: sendMemoryFrame },
];

/** Operations that nobody has classified, and lines of operations that are gone, each with what to do. */
export function unclassifiedOperations(routes: readonly RouteEntry[]): string[] {
  return DIALECTS.flatMap(({ url, operations }) => {
    const registered = new Set(routes.filter((route) => route.url === url).flatMap((route) => route.operations));
    const missing = [...registered].filter((name) => !(name in operations));
    const gone = Object.keys(operations).filter((name) => !registered.has(name));
    return [
      ...missing.map((name) => `${url} has an operation "${name}": say in test/support/leaks/dialects.ts whose it is`),
      ...gone.map((name) => `${url} has no operation "${name}": take it out of test/support/leaks/dialects.ts`),
    ];
  }).concat(
    routes
      .filter(({ url, operations }) => operations.length > 0 && !DIALECTS.some((dialect) => dialect.url === url))
      .map(({ url }) => `${url} has operations: add it to test/support/leaks/dialects.ts`),
  );
}

/** Tries every operation as everybody. The app must listen, for the WebSocket's sake. */
export async function tryDialects(world: World): Promise<MatrixReport> {
  const report: MatrixReport = { cells: 0, leaks: [] };
  for (const dialect of DIALECTS) {
    for (const operation of Object.keys(dialect.operations)) {
      for (const actor of ACTORS) {
        report.leaks.push(...(await tryOperation(world, dialect, operation, actor)));
        report.cells += 1;
      }
    }
  }
  return report;
}

async function tryOperation(
  world: World,
  { url, operations, send }: Dialect,
  operation: string,
  actor: Actor,
): Promise<string[]> {
  const [role, about, make] = operations[operation] as Line;
  const { kind, told } = await send(world, actor, operation, await make(world));
  const takesVisitors = world.app.routeTable.some((route) => route.url === url && route.visitors);
  const expected: readonly Outcome['kind'][] =
    actor === 'visitor' && !takesVisitors ? [403] : expectedOf(actor, role, about);
  const said = `${url} ${operation} by ${actor}: ${kind} ${told.slice(0, 300)}`;
  const telling = marksHiddenFrom(actor).filter((mark) => told.toLowerCase().includes(mark));
  return [
    ...(expected.includes(kind) ? [] : [`${said}, expected ${expected.join(' or ')}`]),
    ...telling.map((mark) => `${said}, which tells "${mark}"`),
  ];
}

const UNKNOWN: readonly Actor[] = ['nobody', 'expired', 'refresh-token', 'garbage'];
const READERS: readonly Actor[] = ['viewer', 'read-only-key'];

/** A WebSocket is refused as a whole where another dialect refuses the operation. */
function expectedOf(actor: Actor, role: Operation['role'], about: Operation['about']): readonly Outcome['kind'][] {
  if (UNKNOWN.includes(actor)) return [401];
  // MCP refuses a tool in its own words.
  if (role === 'member' && READERS.includes(actor)) return [403, 'refused'];
  return about === 'own' && actor !== 'maker' ? ['refused', 403] : ['served'];
}

function marksHiddenFrom(actor: Actor): readonly string[] {
  if (UNKNOWN.includes(actor) || actor === 'stranger') return Object.values(MARKS);
  if (actor === 'operator') return [MARKS.content, MARKS.secret];
  return actor === 'maker' ? [] : [MARKS.secret];
}

/** What refuses others in words: of one's own thread, something that does not fit is refused in other words. */
const DENIED = /There is no (?:session|thread) with this id|belongs to another user|This needs (the role|an API key)/;

async function sendChatkit({ app, headers }: World, actor: Actor, type: string, params: object): Promise<Outcome> {
  const response = await app.inject({
    method: 'POST',
    url: '/v1/chatkit',
    headers: headers[actor],
    payload: { type, params },
  });
  const { statusCode, body: told } = response;
  if (statusCode === 401 || statusCode === 403) return { kind: statusCode, told };
  const isRefusal = statusCode === 404 || (told.includes('"type":"error"') && DENIED.test(told));
  return { kind: isRefusal ? 'refused' : 'served', told };
}

async function sendMcp({ app, headers }: World, actor: Actor, operation: string, params: object): Promise<Outcome> {
  const [method] = operation.split(' ');
  const response = await app.inject({
    method: 'POST',
    url: '/mcp',
    headers: { ...headers[actor], accept: 'application/json, text/event-stream' },
    payload: { jsonrpc: '2.0', id: 1, method, params },
  });
  const { statusCode, body: told } = response;
  if (statusCode === 401 || statusCode === 403) return { kind: statusCode, told };
  return { kind: /"error":\{|"isError":true/.test(told) ? 'refused' : 'served', told };
}

/** A connection of an actor, or the status that it is refused with. */
async function dialAs({ app, headers }: World, actor: Actor, path: string): Promise<WebSocketClient | 401 | 403> {
  const { port } = app.server.address() as AddressInfo;
  const client = WebSocketClient.dial(`http://127.0.0.1:${port}`, { headers: headers[actor] }, path);
  const refused = new Promise<number>((resolve) => {
    client.socket.once('unexpected-response', (_request, { statusCode = 0 }) => resolve(statusCode));
  });
  const opened = new Promise<null>((resolve) => client.socket.once('open', () => resolve(null)));
  const status = await Promise.race([refused, opened]);
  return status === 401 || status === 403 ? status : client;
}

/** What a subscription tells comes before its end is confirmed. */
async function sendMemoryFrame(world: World, actor: Actor, type: string, fields: object): Promise<Outcome> {
  const client = await dialAs(world, actor, '/v1/ws/memory');
  if (typeof client === 'number') return { kind: client, told: '' };
  client.send({ type, ...fields });
  const answers = { subscribe: 'subscribed', unsubscribe: 'unsubscribed', search: 'search_results', ping: 'pong' };
  const last = await firstOf(client, [answers[type as keyof typeof answers], 'error']);
  if (type === 'subscribe') {
    // By then what there is behind the place has been looked for: whoever may read it has been told of it.
    const own = actor === 'maker' ? firstOf(client, ['memory']) : Promise.resolve(last);
    await own;
    client.send({ type: 'search', query: 'anything' });
    await firstOf(client, ['search_results', 'error']);
  }
  const told = JSON.stringify(client.frames);
  client.socket.close();
  await client.closed;
  return { kind: last.type === 'error' ? 'refused' : 'served', told };
}

async function sendFrame(world: World, actor: Actor, type: string, fields: object): Promise<Outcome> {
  const client = await dialAs(world, actor, '/v1/ws/chat');
  if (typeof client === 'number') return { kind: client, told: '' };
  client.send({ type, ...fields });
  // A question of one's own is told to its end; a stop has no answer but the next frame's.
  if (type === 'cancel') client.send({ type: 'ping' });
  const last = await firstOf(client, type === 'cancel' || type === 'ping' ? ['pong', 'error'] : ['complete', 'error']);
  const told = JSON.stringify(client.frames);
  client.socket.close();
  await client.closed;
  return { kind: last.type === 'error' ? 'refused' : 'served', told };
}

function firstOf(client: WebSocketClient, types: readonly string[]): Promise<Frame> {
  const found = client.frames.find(({ type }) => types.includes(type));
  if (found) return Promise.resolve(found);
  return new Promise((resolve, reject) => {
    client.socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as Frame;
      if (types.includes(frame.type)) resolve(frame);
    });
    client.socket.once('close', () => reject(new Error(`closed before any of ${types.join(', ')}`)));
  });
}
